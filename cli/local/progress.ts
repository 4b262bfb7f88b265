import type { DeadLetter, QueueDepth } from '@penstock/kit';
import type { Truth } from '../input/mail.ts';
import type { WorkerStanding } from './supervisor.ts';

/** One finished mail as the effect store has it. */
export interface Verdict {
  readonly id: string;
  readonly verdict: 'ham' | 'spam';
  /** Probability of spam, 0 to 1. */
  readonly score: number;
  /** The delivery that produced the effect, counted from 1. */
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
  readonly doneAt: number;
}

/** Everything the view and the summary show, at one moment. */
export interface Progress {
  readonly total: number;
  readonly verdicts: readonly Verdict[];
  readonly depth: QueueDepth;
  readonly now: number;
  readonly restarts: number;
  readonly workers: readonly WorkerStanding[];
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** From publish to effect, by the nearest-rank method; undefined without verdicts. */
export function latencyOf(verdicts: readonly Verdict[]): Latency | undefined {
  if (verdicts.length === 0) return undefined;
  const sorted = verdicts.map((v) => v.doneAt - v.publishedAt).toSorted((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { p50Ms: rank(0.5), p99Ms: rank(0.99) };
}

/** Effects a second between the first and the last of them; undefined below two. */
export function throughputOf(verdicts: readonly Verdict[]): number | undefined {
  const first = verdicts[0];
  if (first === undefined || verdicts.length < 2) return undefined;
  // Stored in the order of their commits, which is nearly and not quite that of their times.
  let earliest = first.doneAt;
  let latest = first.doneAt;
  for (const { doneAt } of verdicts) {
    earliest = Math.min(earliest, doneAt);
    latest = Math.max(latest, doneAt);
  }
  const span = latest - earliest;
  return span === 0 ? undefined : ((verdicts.length - 1) * 1_000) / span;
}

export interface Accuracy {
  readonly known: number;
  readonly right: number;
  /** Spam that was let through, and ham that was taken for spam. */
  readonly missed: number;
  readonly falseAlarms: number;
}

/** Verdicts held against the true classes of the input. */
export function accuracyOf(verdicts: readonly Verdict[], truth: Truth): Accuracy {
  let known = 0;
  let missed = 0;
  let falseAlarms = 0;
  for (const { id, verdict } of verdicts) {
    const label = truth.get(id);
    if (label === undefined) continue;
    known++;
    if (label === 'spam' && verdict === 'ham') missed++;
    if (label === 'ham' && verdict === 'spam') falseAlarms++;
  }
  return { known, right: known - missed - falseAlarms, missed, falseAlarms };
}

/** What became of every mail of the input. A sound run has nothing unaccounted and nothing twice. */
export interface Account {
  readonly input: number;
  readonly done: number;
  readonly deadLettered: number;
  /** Neither done nor dead: still in the queue, or lost. */
  readonly open: readonly string[];
  /** With more than one effect. */
  readonly twice: readonly string[];
  /** With an effect and not in the input. */
  readonly strangers: readonly string[];
}

export function accountOf(
  input: Truth,
  verdicts: readonly Verdict[],
  dead: readonly DeadLetter[],
  idOf: (letter: DeadLetter) => string,
): Account {
  const ids = [...input.keys()];
  const effects = new Map<string, number>();
  for (const { id } of verdicts) effects.set(id, (effects.get(id) ?? 0) + 1);
  const deadIds = new Set(dead.map(idOf));
  return {
    input: input.size,
    done: ids.filter((id) => effects.has(id)).length,
    deadLettered: ids.filter((id) => deadIds.has(id) && !effects.has(id)).length,
    open: ids.filter((id) => !effects.has(id) && !deadIds.has(id)),
    twice: [...effects].filter(([, n]) => n > 1).map(([id]) => id),
    strangers: [...effects.keys()].filter((id) => !input.has(id)),
  };
}
