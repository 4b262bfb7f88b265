import { styleText } from 'node:util';
import { type Account, type Accuracy, latencyOf, throughputOf, type Verdict } from './progress.ts';
import { milliseconds } from './view.ts';

export interface SummaryFacts {
  readonly source: string;
  readonly bus: string;
  readonly model: string;
  readonly account: Account;
  readonly accuracy: Accuracy;
  readonly verdicts: readonly Verdict[];
  readonly restarts: number;
  /** From the start of the command to the first effect; undefined when a resumed run already had one. */
  readonly firstDoneMs: number | undefined;
  readonly targets: readonly string[];
  readonly verdictsFile: string;
  readonly finished: boolean;
}

/** What happened, in figures that can be checked against the input and the verdict file. */
export function summarize(facts: SummaryFacts): string {
  const { account, accuracy, verdicts } = facts;
  const latency = latencyOf(verdicts);
  const rate = throughputOf(verdicts);
  const retried = verdicts.filter(({ attempt }) => attempt > 1).length;
  const row = (label: string, text: string): string => `  ${styleText('dim', label.padEnd(12))}${text}`;
  const lines = [
    styleText('bold', facts.finished ? 'done' : 'interrupted; the same command goes on from here'),
    row('input', `${account.input} mails of ${facts.source}`),
    row(
      'accounted',
      `${account.done} with one effect each + ${account.deadLettered} dead letters + ${account.open.length} open = ${account.done + account.deadLettered + account.open.length}`,
    ),
    row(
      'twice',
      account.twice.length === 0 && account.strangers.length === 0
        ? 'none'
        : styleText('red', `${account.twice.length} applied twice, ${account.strangers.length} not in the input`),
    ),
    row('verdicts', accuracyText(accuracy, verdicts)),
    row(
      'speed',
      `${rate === undefined ? '-' : rate.toFixed(1)} mails/s, publish to effect p50 ${milliseconds(latency?.p50Ms)}, p99 ${milliseconds(latency?.p99Ms)}${facts.firstDoneMs === undefined ? '' : `, first one ${milliseconds(facts.firstDoneMs)} after the start`}`,
    ),
    row(
      'attempts',
      `${verdicts.reduce((sum, v) => sum + v.attempt, 0)} for ${verdicts.length} effects, ${retried} retried, ${facts.restarts} service restarts`,
    ),
    row('ran on', `${facts.bus}, ${facts.model}`),
    ...facts.targets.map((target, n) => row(n === 0 ? 'targets' : '', target)),
    row('check it', `${account.done} lines in ${facts.verdictsFile}, each with verdict and true class`),
  ];
  return lines.join('\n');
}

function accuracyText({ known, right, missed, falseAlarms }: Accuracy, verdicts: readonly Verdict[]): string {
  const spam = verdicts.filter(({ verdict }) => verdict === 'spam').length;
  const split = `${spam} spam, ${verdicts.length - spam} ham`;
  if (known === 0) return `${split}; the input names no true classes`;
  return `${split}; ${right} of ${known} right (${((100 * right) / known).toFixed(1)} %): ${missed} spam let through, ${falseAlarms} ham taken for spam`;
}
