import type { Guarantees } from '../port.ts';

export const NATS_GUARANTEES: Guarantees = {
  driver: 'nats',
  delivery: 'at-least-once',
  durability:
    'a resolved publish is in the stream on as many servers as it has replicas, and a resolved settle was confirmed by the leader; ' +
    'both survive the death of a server process. What is on the disk when power fails is decided by the server: with ' +
    '`sync_interval: always` all of it, with its default of 2 minutes not what came after the last sync. ' +
    'A client cannot see that setting, so `fsync` is for infrastructure to configure and not checked here',
  order: 'first published, first taken; what comes back for a retry is taken among the newer ones',
  duplicateWindow:
    'a key published again within the window of the profile is the same item, acked or not; a server that lost unsynced data forgets its keys too',
  lateAck: 'honoured',
  losesWhen:
    'every server that holds the stream loses its disk, or power before its sync; an item is older than the retention of the profile; ' +
    'its stream is deleted. An item delivered 10,000 times beyond its attempts stays in the stream until its retention is over',
};
