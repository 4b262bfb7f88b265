import type { Guarantees } from '../port.ts';

/**
 * What Kafka and this driver promise together.
 *
 * A queue is a topic with one consumer group: the profile's subject is the topic, `<topic>.<consumer>` the group and
 * `<topic>.<consumer>.dead` the topic of dead letters. The committed offset of a partition is a watermark; its metadata
 * says what is settled above it, and counts attempts and tokens. Both are one commit, which the broker takes from the
 * owner of the partition's generation alone. It is written before an item is handed out, so an attempt of a process that
 * died counts. At most 128 items of a partition are under way; one that waits for a retry takes a place among them, and
 * where all places are taken by such, the partition waits for the first that is due.
 *
 * No transaction is used: a dead letter is stored first and its item settled after, and a process that dies in between
 * stores it again under the same id. The transactions that clients for Node speak (before Kafka's second version of
 * them) may be torn by a retry, and would add two requests to every dead letter without a better promise.
 *
 * A rebalance that takes a partition from a live worker costs its items in flight an attempt. Of a history, what fits
 * into 4 kB of metadata moves with its partition; attempts always do.
 */
export const KAFKA_GUARANTEES: Guarantees = {
  driver: 'kafka',
  delivery: 'at-least-once',
  durability:
    'a resolved publish is on all replicas in sync (acks=all), a resolved settle is a commit of the group, replicated as its offsets are; both survive the death of a broker ' +
    'process. A broker writes to its disk later: what only lived in the memory of machines that lose power together is gone. A group without members for ' +
    '7 days (`offsets.retention.minutes`) is forgotten, and what its topic still retains is delivered again',
  order:
    'by partition: first published, first taken, and one item of a key at a time; a retry is taken at its due time, among the newer ones. With one partition that is the order of the queue',
  duplicateWindow:
    'none on the brokers, whatever the profile says: a key published again is a second item of the same partition, taken after the first, and the idempotent effect ' +
    'refuses it. Only what the client itself sends again within one call is stored once. A publish whose outcome is unknown fails, and its next one begins with a new producer',
  lateAck: 'refused',
  losesWhen:
    'every replica in sync loses its disk, or power before its flush; an unclean leader is elected; an item is older than the retention of the topic, taken or not; the topic is deleted',
};
