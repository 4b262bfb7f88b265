import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  type Connection,
  createAPI,
  endTxnV3,
  type MessageRecord,
  type NumericMap,
  produceV9,
  produceV11,
  ResponseError,
  txnOffsetCommitV3,
} from '@platformatic/kafka';
import type { Membership } from '../../../bus/kafka/kafka-client.ts';
import type { Position } from '../port.ts';

const ALL_IN_SYNC = -1;
const PRODUCE_TIMEOUT_MS = 30_000;

/** Who writes. In the second version of transactions each one has an epoch of its own. */
export interface ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
}

/** A transaction as the brokers know it. */
export interface TransactionIdentity extends ProducerIdentity {
  readonly transactionalId: string;
}

/** What a group has done, as a transaction says it. */
export interface GroupPositions {
  readonly group: string;
  readonly membership: Membership;
  readonly positions: readonly Position[];
}

export interface ProducedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
}

/** The calls of which one transaction consists, in one of their two versions. */
export interface TransactionApi {
  /** Says which partitions it will write to. The second version says it with the first records. */
  readonly addPartitions:
    | ((coordinator: Connection, own: TransactionIdentity, partitions: readonly TopicPartition[]) => Promise<void>)
    | undefined;
  readonly addGroup: ((coordinator: Connection, own: TransactionIdentity, group: string) => Promise<void>) | undefined;
  readonly produce: (
    leader: Connection,
    own: TransactionIdentity,
    messages: readonly MessageRecord[],
    sequences: NumericMap,
  ) => Promise<readonly ProducedBatch[]>;
  readonly commitOffsets: (
    groupCoordinator: Connection,
    own: TransactionIdentity,
    done: GroupPositions,
  ) => Promise<void>;
  /** @returns who writes the next one */
  readonly end: (coordinator: Connection, own: TransactionIdentity, isCommitted: boolean) => Promise<ProducerIdentity>;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

// The client knows these requests up to the version before. What they look like has not changed since; what the brokers
// make of them has (KIP-890), and EndTxn answers with the identity for what comes next.
const produceV12 = createAPI(0, 12, produceV11.createRequest, produceV11.parseResponse);
const txnOffsetCommitV5 = createAPI(28, 5, txnOffsetCommitV3.createRequest, txnOffsetCommitV3.parseResponse);
const endTxnV5 = createAPI(26, 5, endTxnV3.createRequest, (_correlation, key, version, reader): ProducerIdentity => {
  reader.readInt32();
  const errorCode = reader.readInt16();
  const next = { id: reader.readInt64(), epoch: reader.readInt16() };
  reader.readTaggedFields();
  if (errorCode !== 0) throw new ResponseError(key, version, { '/': [errorCode, null] }, {});
  return next;
});

type ProduceApi = typeof produceV9.api | typeof produceV12;

const produceBy =
  (api: ProduceApi): TransactionApi['produce'] =>
  async (leader, own, messages, sequences) => {
    const answer = await api.async(leader, ALL_IN_SYNC, PRODUCE_TIMEOUT_MS, [...messages], {
      transactionalId: own.transactionalId,
      producerId: own.id,
      producerEpoch: own.epoch,
      sequences,
    });
    if (typeof answer === 'boolean') return [];
    return answer.responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.map(({ index, baseOffset }) => ({
        topic: name,
        partition: index,
        baseOffset: Number(baseOffset),
      })),
    );
  };

type OffsetsApi = typeof txnOffsetCommitV3.api | typeof txnOffsetCommitV5;

const commitBy =
  (api: OffsetsApi): TransactionApi['commitOffsets'] =>
  async (coordinator, own, done) => {
    const { group, membership, positions } = done;
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([name, some]) => ({
      name,
      partitions: some.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: null,
      })),
    }));
    const { generation, id, instance } = membership;
    await api.async(
      coordinator,
      own.transactionalId,
      group,
      own.id,
      own.epoch,
      generation,
      id,
      instance ?? null,
      topics,
    );
  };

/** Of brokers before 4.0, or whose feature `transaction.version` is below 2. */
export const FIRST_VERSION: TransactionApi = {
  async addPartitions(coordinator, { transactionalId, id, epoch }, partitions) {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, some]) => ({
      name,
      partitions: some.map(({ partition }) => partition),
    }));
    const transaction = { transactionalId, producerId: id, producerEpoch: epoch, verifyOnly: false, topics };
    await addPartitionsToTxnV3.api.async(coordinator, [transaction]);
  },
  async addGroup(coordinator, { transactionalId, id, epoch }, group) {
    await addOffsetsToTxnV3.api.async(coordinator, transactionalId, id, epoch, group);
  },
  produce: produceBy(produceV9.api),
  commitOffsets: commitBy(txnOffsetCommitV3.api),
  async end(coordinator, { transactionalId, id, epoch }, isCommitted) {
    await endTxnV3.api.async(coordinator, transactionalId, id, epoch, isCommitted);
    return { id, epoch };
  },
};

/** Of KIP-890: an epoch for each transaction, so that what comes late belongs to none. */
export const SECOND_VERSION: TransactionApi = {
  addPartitions: undefined,
  addGroup: undefined,
  produce: produceBy(produceV12),
  commitOffsets: commitBy(txnOffsetCommitV5),
  end: (coordinator, { transactionalId, id, epoch }, isCommitted) =>
    endTxnV5.async(coordinator, transactionalId, id, epoch, isCommitted),
};
