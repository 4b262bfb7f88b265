import { Duration } from '../units.ts';

/** As a lease: a pause (garbage collection, a slow disk) must not look like a death. */
const SHORTEST_LEAD = Duration.seconds(5);
/** Beyond it nothing is gained: a lead costs one small write a third of it. */
const LONGEST_LEAD = Duration.seconds(15);

/**
 * How long nothing is released when whoever releases jobs vanishes: a quarter of the promise, in whole seconds from 5
 * to 15, so that three quarters are left for the work.
 */
export function leadFor(doneWithin: Duration): Duration {
  const quarter = Duration.seconds(doneWithin.times(0.25).toSeconds('down'));
  return Duration.min(Duration.max(quarter, SHORTEST_LEAD), LONGEST_LEAD);
}

/**
 * When a job that was released and not begun is taken for lost on its way: half of the promise, so that the other half
 * is left for the work, and not before a lease, for which a worker may hold it before its turn comes.
 */
export const unbegunFor = (doneWithin: Duration, ackWait: Duration): Duration =>
  Duration.max(doneWithin.times(0.5), ackWait);
