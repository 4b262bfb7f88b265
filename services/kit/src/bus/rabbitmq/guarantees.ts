import type { Guarantees } from '../port.ts';

/**
 * What RabbitMQ and this driver promise together.
 *
 * An item is in a quorum queue, a wait before a retry in another one whose items expire back into it. For a retry, and
 * when it is handed back, an item is stored anew with its attempts and its history, and only then acked: a process that
 * dies in between leaves it twice, with one id. The newer one has the greater tokens.
 *
 * A lease runs by the clock of its process. The server has no such clock: it gives an item to somebody else when its
 * connection breaks, or is silent for two or three heartbeats (10 seconds each by default), as that of a process that
 * stands still; until then nobody else gets it, also when its lease is over. A server gives up a channel on which an
 * item is out for longer than its `consumer_timeout` (30 minutes by default), however often the lease was extended.
 *
 * A server may stand, send its heartbeats and not answer on a channel, as while a queue has no leader: after 15 seconds
 * without an answer the connection is made anew, and what was under way on it fails as if it had broken. A queue without a
 * leader says that it is empty, so where a queue says that it has neither items nor takers its leader is asked.
 *
 * The protocol does not say how many items are out: whoever takes from the queue is asked for it, and a process that
 * does not answer within a second is missing from `leased`. It has no bound for all consumers together either:
 * `maxAckPending` is not held. A wait that is longer than all of the profile's is waited for by turns, and a shorter one may
 * last as long as the next one of the profile.
 */
export const RABBITMQ_GUARANTEES: Guarantees = {
  driver: 'rabbitmq',
  delivery: 'at-least-once',
  durability:
    'a resolved publish was confirmed by a quorum queue: most of its members have written and synced it. It survives kill -9 and power loss; on one node as long as its disk. ' +
    'A resolved settle was read by the server: that it is written no server confirms, and one that dies at that moment delivers the item again. ' +
    'How many members a queue has, the cluster decides, and a client cannot see it',
  order:
    'first published, first taken; what a lost connection gives back is taken before the newer ones, what comes back for a retry or is handed back behind them',
  duplicateWindow:
    'none, whatever the profile says: a key published again is a second item, which may be out beside the first, and the idempotent effect ' +
    'refuses it. A publish that nobody confirms within 15 seconds fails with `bus-unreachable`, and whether it is there is unknown',
  lateAck: 'refused',
  losesWhen:
    'most members of the queue lose their disks; the queue is deleted; its only server, of 3.10, is killed within some three seconds after the queue was made, before it has written which log is whose: such a queue answers nothing until it is made anew. An item older than the retention of the profile becomes a dead letter once it is first in its queue, and stays',
};
