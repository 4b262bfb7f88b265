import { Duration, leadFor, type QueueProfile, unbegunFor } from '@penstock/model';
import type { DispatchTimes } from './dispatch-lane.ts';

/** What the promise of a queue leaves a dispatcher, by the formulas of the model. */
export function dispatchTimesOf({
  doneWithinMs,
  ackWaitMs,
}: Pick<QueueProfile, 'doneWithinMs' | 'ackWaitMs'>): Pick<DispatchTimes, 'leadMs' | 'unbegunMs'> {
  const doneWithin = Duration.milliseconds(doneWithinMs);
  return {
    leadMs: leadFor(doneWithin).toMilliseconds(),
    unbegunMs: unbegunFor(doneWithin, Duration.milliseconds(ackWaitMs)).toMilliseconds('up'),
  };
}
