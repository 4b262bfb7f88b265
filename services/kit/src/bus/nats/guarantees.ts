import type { Guarantees } from '../port.ts';

/**
 * What JetStream and this driver promise together.
 *
 * The server takes an ack that comes after the ack wait, even when somebody else has the item by then. The driver
 * refuses it by its own clock, which starts when the delivery is received; a process that was paused between receipt
 * and reading can still be late, so what keeps effects apart is the fencing token in the effect store.
 *
 * An attempt is a delivery that was not released: a worker that died made one. Counts and leases of the last moments
 * before a crash of the server may be forgotten, since a consumer's state is written with a delay.
 */
export const NATS_GUARANTEES: Guarantees = {
  driver: 'nats',
  delivery: 'at-least-once',
  durability:
    'a resolved publish is in the stream on as many servers as it has replicas, and a resolved settle was confirmed by the leader; ' +
    'both survive the death of a server process. What is on the disk when power fails is decided by the server: with ' +
    '`sync_interval: always` what it has confirmed, with its default of 2 minutes not what came after the last sync. ' +
    'A client cannot see that setting: `fsync` is for infrastructure to configure and is not checked here. ' +
    'A single server that crashes may forget its last deliveries: such an item can be given to a second worker before ' +
    'the lease of the first is over, and its attempts counted anew; its token grows all the same',
  order: 'first published, first taken; what comes back for a retry is taken among the newer ones',
  duplicateWindow:
    'a key published again within the window of the profile is the same item, acked or not; a server that lost unsynced data forgets its keys too. ' +
    'A publish is sent again under its key while nobody answers, as in an election, for 15 seconds (half of the window where that is less); then it fails with `bus-unreachable`, which may be published again under the same key',
  lateAck: 'honoured',
  losesWhen:
    'every server that holds the stream loses its disk, or power before its sync; an item is older than the retention of the profile; ' +
    'its stream is deleted. An item delivered 10,000 times beyond its attempts stays in the stream, untaken, until its retention is over',
};
