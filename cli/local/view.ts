import { styleText } from 'node:util';
import { latencyOf, type Progress, throughputOf } from './progress.ts';
import type { WorkerStanding } from './supervisor.ts';

export interface Screen {
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** What the view says besides numbers. */
export interface ViewFacts {
  readonly topology: string;
  readonly bus: string;
  readonly model: string;
  readonly run: string;
}

const PLAIN_INTERVAL_MS = 2_000;
/** Verdicts that the shown latency and throughput are taken from: the present, not the average since the start. */
const RECENT = 200;

/** Shows progress: redrawn in place on a terminal, a plain line every two seconds elsewhere. */
export class LiveView {
  readonly #screen: Screen;
  readonly #facts: ViewFacts;
  #drawnLines = 0;
  #lastPlain = 0;

  constructor(screen: Screen, facts: ViewFacts) {
    this.#screen = screen;
    this.#facts = facts;
  }

  /** A line that stays, above the redrawn part. */
  note(text: string): void {
    this.clear();
    this.#screen.write(`${text}\n`);
  }

  update(progress: Progress): void {
    if (this.#screen.isTerminal) {
      this.#redraw(this.#panel(progress));
    } else if (progress.now - this.#lastPlain >= PLAIN_INTERVAL_MS) {
      this.#lastPlain = progress.now;
      this.#screen.write(`${plainLine(progress)}\n`);
    }
  }

  clear(): void {
    if (this.#drawnLines > 0) this.#screen.write(`\u001b[${this.#drawnLines}A\u001b[J`);
    this.#drawnLines = 0;
  }

  #redraw(lines: readonly string[]): void {
    this.clear();
    this.#screen.write(`${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  #panel(progress: Progress): readonly string[] {
    const { topology, bus, model, run } = this.#facts;
    const { depth, verdicts, total } = progress;
    const figures = figuresOf(progress);
    const spam = verdicts.filter(({ verdict }) => verdict === 'spam').length;
    const label = (text: string): string => styleText('dim', text.padEnd(11));
    return [
      `${styleText('bold', topology)} ${styleText('dim', `on ${bus}, ${model}, ${run}`)}`,
      `${label('done')}${bar(verdicts.length, total, Math.min(40, this.#screen.columns - 40))} ${verdicts.length} of ${total}  ${figures.rate}`,
      `${label('queue')}ready ${depth.ready}  in flight ${depth.leased}  waiting for retry ${depth.delayed}`,
      `${label('latency')}p50 ${figures.p50}  p99 ${figures.p99}`,
      `${label('attempts')}${figures.attempts} an item  dead letters ${count(depth.deadLettered)}  restarts ${count(progress.restarts)}`,
      ...progress.workers.map((standing) => `${label('workers')}${standingText(standing)}`),
      `${label('verdicts')}ham ${verdicts.length - spam}  spam ${spam}`,
    ];
  }
}

const count = (n: number): string => (n === 0 ? '0' : styleText('red', String(n)));

function bar(done: number, total: number, width: number): string {
  const filled = total === 0 ? 0 : Math.round((done / total) * width);
  return styleText('cyan', '━'.repeat(filled)) + styleText('dim', '━'.repeat(Math.max(0, width - filled)));
}

function plainLine(progress: Progress): string {
  const { depth, verdicts, total } = progress;
  const { rate, p50, p99, attempts } = figuresOf(progress);
  return `done ${verdicts.length}/${total}  ${rate}  ready ${depth.ready}  in flight ${depth.leased}  retry ${depth.delayed}  dead ${depth.deadLettered}  p50 ${p50}  p99 ${p99}  attempts ${attempts}  restarts ${progress.restarts}  ${progress.workers.map(({ worker, replicas }) => `${worker} x${replicas}`).join('  ')}`.trimEnd();
}

/** How many there are, and what they are scaled by: what there is of each signal, of what as many are given. */
export function standingText({ worker, replicas, ending, bounds, signals }: WorkerStanding): string {
  const range = bounds.minReplicas === bounds.maxReplicas ? '' : ` of ${bounds.minReplicas} to ${bounds.maxReplicas}`;
  const seen = signals.map(({ name, value, target }) => {
    const unit = name === 'backlog' ? '' : '/s';
    const shown = value === undefined ? 'not known' : `${Number(value.toPrecision(3))}${unit}`;
    return `${name.replace('-', ' ')} ${shown} (${target}${unit} each)`;
  });
  return [`${worker} x${replicas}${range}`, ...(ending > 0 ? [`${ending} ending`] : []), ...seen].join('  ');
}

function figuresOf({ verdicts }: Progress) {
  const recent = verdicts.slice(-RECENT);
  const latency = latencyOf(recent);
  const rate = throughputOf(recent);
  const attempts =
    verdicts.length === 0 ? undefined : verdicts.reduce((sum, v) => sum + v.attempt, 0) / verdicts.length;
  return {
    rate: rate === undefined ? '-/s' : `${rate.toFixed(1)}/s`,
    p50: milliseconds(latency?.p50Ms),
    p99: milliseconds(latency?.p99Ms),
    attempts: attempts === undefined ? '-' : attempts.toFixed(2),
  };
}

export function milliseconds(value: number | undefined): string {
  if (value === undefined) return '-';
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(2)} s`;
}
