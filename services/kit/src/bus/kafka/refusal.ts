import { KitError } from '../../errors.ts';
import { faultOf } from './faults.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { KafkaNames } from './names.ts';
import { pause } from './pause.ts';

const LOOK_MS = 200;
/** A broker that was started a moment ago may not know its topics yet. */
const ABSENCES_BELIEVED = 5;

/** What stands in the way for good: a right that this user does not have, or a topic that is gone. Undefined for what passes. */
export async function lastingRefusal(
  error: unknown,
  client: KafkaClient,
  { topic, deadLetterTopic }: KafkaNames,
): Promise<KitError | undefined> {
  let fault = faultOf(error, `topic ${topic}`);
  for (let absences = 0; KitError.is(fault, 'queue-missing'); absences++) {
    if (absences === ABSENCES_BELIEVED) return fault;
    await pause(LOOK_MS);
    try {
      await client.leaders(topic);
      await client.leaders(deadLetterTopic);
      return undefined;
    } catch (again) {
      fault = faultOf(again, `topic ${topic}`);
    }
  }
  return KitError.is(fault, 'bus-refused') ? fault : undefined;
}
