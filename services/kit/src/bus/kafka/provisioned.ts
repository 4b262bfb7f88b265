import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { KafkaClient } from './kafka-client.ts';
import { namesOf } from './names.ts';

/** What a record carries beside the payload and its headers: key, lengths, the head of its batch. */
const RECORD_HEAD = 4_096;

export const topicConfigOf = ({ retentionMs, maxItemBytes }: QueueProfile) => ({
  'cleanup.policy': 'delete',
  'retention.ms': String(retentionMs),
  'max.message.bytes': String(Math.max(maxItemBytes + RECORD_HEAD, 2 ** 20)),
});

/** The numbers that live in the workers and on no broker. */
const stampOf = ({ ackWaitMs, maxAttempts, backoffMs, maxItemBytes, retentionMs }: QueueProfile) => ({
  ackWaitMs,
  maxAttempts,
  backoffMs: backoffMs.join(' '),
  maxItemBytes,
  retentionMs,
});

/** A group that nobody joins: its commit carries what whoever made the queue wanted. */
const stampGroupOf = (profile: QueueProfile): string => `${namesOf(profile).group}.profile`;

export async function writeStamp(client: KafkaClient, profile: QueueProfile): Promise<void> {
  const metadata = JSON.stringify(stampOf(profile));
  await client.commit(stampGroupOf(profile), namesOf(profile).topic, 0, { offset: 0, metadata });
}

/**
 * Holds what is on the brokers against the profile: both topics are there, items may be as large, and the numbers that
 * `BusAdmin` noted are the same. Infrastructure that makes topics alone leaves no such note, and then nothing is
 * compared: those numbers are each worker's own.
 *
 * @throws {KitError} `queue-missing`, `queue-mismatch` with every field, `bus-unreachable`
 */
export async function checkProvisioned(client: KafkaClient, profile: QueueProfile): Promise<number> {
  const { topic, deadLetterTopic } = namesOf(profile);
  const partitions = (await client.leaders(topic)).length;
  await client.leaders(deadLetterTopic);
  const [stamp] = await orUnknown(client.committed(stampGroupOf(profile), topic, [0]), []);
  const noted = stamp?.metadata ? (JSON.parse(stamp.metadata) as Readonly<Record<string, unknown>>) : {};
  const faults = Object.entries(stampOf(profile))
    .filter(([field, expected]) => field in noted && noted[field] !== expected)
    .map(([field, expected]) => `${field} is ${String(noted[field])}, expected ${String(expected)}`);
  const largest = await orUnknown(client.largestMessage(topic), Number.MAX_SAFE_INTEGER);
  if (largest < profile.maxItemBytes) faults.push(`max.message.bytes is ${largest}, expected ${profile.maxItemBytes}`);
  if (faults.length === 0) return partitions;
  throw new KitError('queue-mismatch', `topic ${topic}: ${faults.join('; ')}`, {
    repair: 'provision it with the same profile',
  });
}

/** A user who may only publish and take may not look: brokers then hold items against their limits themselves. */
async function orUnknown<Found>(found: Promise<Found>, unknown: Found): Promise<Found> {
  try {
    return await found;
  } catch (error) {
    if (KitError.is(error, 'bus-refused')) return unknown;
    throw error;
  }
}
