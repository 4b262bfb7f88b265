import type { LogGuarantees } from '../port.ts';

const COMMON = {
  driver: 'kafka',
  durability:
    'a resolved produce or commit is on all replicas in sync (acks=all) and survives the death of a broker process; a broker writes to its disk later',
  order: 'by partition; the records of one produce lie in their order, with those of others between them',
  duplicates:
    'what the client sends again within one call is stored once; whoever produces again after an unknown outcome may write twice, and begins with a new producer',
  losesWhen:
    'every replica in sync loses its disk, or power before its flush; an unclean leader is elected; a record is older than the retention of its topic, read or not. ' +
    'A group without members for 7 days (`offsets.retention.minutes`) is forgotten: its epochs begin anew, and an inbox refuses them until it is told to forget them too',
} as const;

/** By how members speak with the brokers. */
export const KAFKA_LOG_GUARANTEES: Readonly<Record<'classic' | 'consumer', LogGuarantees>> = {
  classic: {
    ...COMMON,
    rebalance:
      'by the classic protocol: all partitions are shared anew at once, nobody is asked to finish, and one that stays with its member goes on. Of two members of one name the later one stays. Records of transactions that were aborted are not shown',
  },
  consumer: {
    ...COMMON,
    rebalance:
      'by the protocol of KIP-848 (`groupProtocol=consumer`, brokers 4.0 or newer): only what is to move moves, its owner is asked to finish first, for a minute at most, and the session is what the brokers are configured for, whatever a member asks. Of two members of one name the earlier one stays until it leaves or its session is over. Records of transactions that were aborted are not shown',
  },
};
