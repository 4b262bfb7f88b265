import { faultOf as busFaultOf } from '../../../bus/kafka/faults.ts';
import { KitError } from '../../../errors.ts';
import { topicMissing } from '../faults.ts';

/** What a call to the brokers about a topic failed for. */
export function faultOf(error: unknown, topic: string): KitError {
  const fault = busFaultOf(error, `topic ${topic}`);
  return fault.code === 'queue-missing' ? topicMissing(topic) : fault;
}

/** Runs a call about a topic. @throws {KitError} as `faultOf` */
export async function about<Result>(topic: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw KitError.is(error, 'queue-missing') || !KitError.is(error) ? faultOf(error, topic) : error;
  }
}
