import type { Guarantees } from '../port.ts';

/**
 * What Redis Streams and this driver promise together. Every step is one script: on one server it is done whole or not
 * at all. The address names one server, or what stands before it: the driver asks no Sentinel which one leads and follows
 * no redirection of a cluster, which it reports as `bus-refused`. An acked item is deleted with its ack and a dead letter is a stream of its own, so nothing is ever trimmed.
 */
export const REDIS_GUARANTEES: Guarantees = {
  driver: 'redis',
  delivery: 'at-least-once',
  durability:
    'for `fsync` a queue is bound only where the server runs with `appendonly yes` and `appendfsync always` and says so: ' +
    'then a resolved publish or settle is on its disk and survives kill -9 and power loss. For `best-effort` it is what the server is ' +
    'configured for, about a second with `appendfsync everysec`. `replicated` is refused: a server confirms before its copies have it',
  order: 'first published, first taken; what comes back for a retry is taken before the newer ones once it is due',
  duplicateWindow:
    'a key published again within the window of the profile is the same item, acked or not; every key stays in memory for so long',
  lateAck: 'refused',
  losesWhen:
    'the disk of the server is lost; a copy takes over that had not received the last writes; the server evicts keys, ' +
    'which is refused where it shows its settings. An item older than the retention of the profile becomes a dead letter when it is to be taken, and stays',
};
