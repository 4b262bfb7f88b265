import type { LogGuarantees } from '../port.ts';

export const KAFKA_LOG_GUARANTEES: LogGuarantees = {
  driver: 'kafka',
  durability:
    'a resolved produce or commit is on all replicas in sync (acks=all) and survives the death of a broker process; a broker writes to its disk later',
  order: 'by partition; the records of one produce lie in their order, with those of others between them',
  duplicates:
    'what the client sends again within one call is stored once; whoever produces again after an unknown outcome may write twice, and begins with a new producer',
  rebalance:
    'by the classic protocol: all partitions are shared anew at once, nobody is asked to finish, and one that stays with its member goes on. Records of transactions that were aborted are not shown',
  losesWhen:
    'every replica in sync loses its disk, or power before its flush; an unclean leader is elected; a record is older than the retention of its topic, read or not. ' +
    'A group without members for 7 days (`offsets.retention.minutes`) is forgotten: its epochs begin anew, and an inbox refuses them until it is told to forget them too',
};
