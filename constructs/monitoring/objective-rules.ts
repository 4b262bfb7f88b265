import type { Duration, ResolvedObjective, ResolvedQueue } from '@penstock/model';
import type { AlertProps } from './alert.ts';
import { bucketBound, prometheusDuration, rate, series, WORKER_METRICS } from './promql.ts';
import type { RecordingRule } from './rule.ts';

/** Name of the recorded share of late items over a window. */
export const lateRatio = (window: string): string => `queue:penstock_queue_late:ratio_rate${window}`;

/**
 * Share of late items over every window that an alert looks at. Late is what was done after the promise, and what was
 * not done at all but went to the dead letters. Without traffic there is no sample, and no alert.
 */
export function objectiveRecords(
  namespace: string,
  objective: ResolvedObjective,
  queue: ResolvedQueue,
): readonly RecordingRule[] {
  const windows = [...new Set(objective.alerts.flatMap(({ shortWindow, longWindow }) => [shortWindow, longWindow]))];
  const labels = { namespace, objective: objective.id, queue: queue.id };
  return [...new Set(windows.toSorted(byLength).map(prometheusDuration))].map((window) => ({
    record: lateRatio(window),
    expr: lateShare(namespace, queue, window),
    labels,
  }));
}

/** The share itself, as one expression. */
export function lateShare(namespace: string, queue: ResolvedQueue, window: string): string {
  const of = { namespace, messaging_destination_name: queue.id };
  const le = bucketBound(queue.doneWithin.inSeconds);
  const inTime = `sum(${rate(series(`${WORKER_METRICS.latency}_bucket`, { ...of, le }), window)})`;
  const done = `sum(${rate(series(`${WORKER_METRICS.latency}_count`, of), window)})`;
  const dead = `sum(${rate(series(WORKER_METRICS.consumed, { ...of, outcome: 'dead-lettered' }), window)})`;
  const all = `((${done} or vector(0)) + (${dead} or vector(0)))`;
  // A histogram without the bound counts as all late: a wrong alarm is heard, a share of nothing is not.
  return `1 - (${inTime} or 0 * ${all}) / ${all}`;
}

const byLength = (a: Duration, b: Duration): number => a.microseconds - b.microseconds;

/** One alert for each pair of windows: the budget burns over the long one, and still does over the short one. */
export function objectiveAlerts(
  namespace: string,
  objective: ResolvedObjective,
  queue: ResolvedQueue,
): readonly AlertProps[] {
  return objective.alerts.map(({ severity, longWindow, shortWindow, burnRate, threshold }) => {
    const [long, short] = [prometheusDuration(longWindow), prometheusDuration(shortWindow)];
    const above = (window: string): string =>
      `${series(lateRatio(window), { namespace, objective: objective.id })} > ${threshold}`;
    return {
      name: 'PenstockBudgetBurn',
      expr: `${above(long)} and ${above(short)}`,
      severity,
      labels: { namespace, queue: queue.id, objective: objective.id, long_window: long },
      summary: `${queue.id}: items are late, ${burnRate} times faster than ${objective.target} allows`,
      description: `{{ $value | humanizePercentage }} of the items of ${queue.id} were not done within ${queue.doneWithin} over ${long} (and ${short}). At this rate the budget of ${objective.window} is gone in ${objective.window.times(1 / burnRate)}.`,
    };
  });
}
