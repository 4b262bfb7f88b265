import { KitError } from '../../errors.ts';
import { partitionOf } from './partitioner.ts';
import type { OutgoingRecord } from './port.ts';

/**
 * The partition a record goes to.
 *
 * @param anyPartition where a record without a key goes
 * @throws {KitError} `record-malformed`
 */
export function partitionFor(
  { topic, key, partition, value }: OutgoingRecord,
  partitions: number,
  anyPartition: number,
): number {
  if (key === undefined && value === null)
    throw malformed(topic, 'has neither key nor value', 'a tombstone names the key that it ends');
  if (partition === undefined) return key === undefined ? anyPartition : partitionOf(key, partitions);
  if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return partition;
  throw malformed(topic, `partition ${partition}, expected 0 to ${partitions - 1}`, 'leave it out: the key says it');
}

const malformed = (topic: string, message: string, repair: string): KitError =>
  new KitError('record-malformed', `a record of topic ${topic}: ${message}`, { repair });
