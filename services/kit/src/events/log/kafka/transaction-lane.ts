import {
  Admin,
  apiVersionsV3,
  type Connection,
  initProducerIdV4,
  type MessageRecord,
  NumericMap,
} from '@platformatic/kafka';
import { closed, isFenced, isRefusal } from '../../../bus/kafka/faults.ts';
import { clientOptions, type KafkaClient } from '../../../bus/kafka/kafka-client.ts';
import { pause } from '../../../bus/kafka/pause.ts';
import type { EncodedRecord } from '../../../bus/kafka/produce-lane.ts';
import { KitError } from '../../../errors.ts';
import { logClosed, partitionLost } from '../faults.ts';
import type { RecordPlace } from '../port.ts';
import { faultOf } from './faults.ts';
import {
  FIRST_VERSION,
  type GroupPositions,
  type ProducedBatch,
  type ProducerIdentity,
  SECOND_VERSION,
  type TopicPartition,
  type TransactionApi,
  type TransactionIdentity,
} from './transaction-api.ts';

const TRANSACTION = 1;
const SETTLE_PAUSE_MS = 200;
const BUSY_PAUSE_MS = 20;
const BUSY_PAUSES = 500;
/** Of the Java client too. Longer than any one of ours takes; one that was left open ends by it. */
const TRANSACTION_MS = 60_000;
const FEATURE = 'transaction.version';
const SECOND = 2;
/** The last transaction of this id is still being ended, or its coordinator has just begun. */
const BUSY = ['CONCURRENT_TRANSACTIONS', 'COORDINATOR_LOAD_IN_PROGRESS'] as const;
const ELSEWHERE = ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'] as const;
/** A partition has another leader by now, or none yet: a topic was made, or a broker is gone. */
const MOVED = ['NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'] as const;
const FENCED = ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING'] as const;

/** What goes into one transaction. */
export interface Exchange {
  readonly records: readonly EncodedRecord[];
  readonly done: readonly GroupPositions[];
}

const producerFenced = (id: string, cause: unknown): KitError =>
  new KitError('producer-fenced', `transactions ${id}: another process writes under this id now`, {
    cause,
    repair: 'let go of what was read: the other one has it',
  });

const outcomeUnknown = (id: string, cause: unknown): KitError =>
  new KitError('bus-unreachable', `transactions ${id}: nobody says what became of the last one`, {
    cause,
    repair: 'read on from what the group has committed: that says it',
  });

/**
 * Transactions under one id, one after the other. Whoever begins under the id fences off all before it. When a call fails,
 * whatever it was, nobody knows what the brokers have taken: then the producer begins anew, which ends what was open, and
 * what the group has committed says what became of it.
 */
export class TransactionLane {
  readonly #client: KafkaClient;
  readonly #id: string;
  readonly #admin: Admin;
  #turn: Promise<unknown> = Promise.resolve();
  #coordinator: number | undefined;
  #api: TransactionApi | undefined;
  #producer: ProducerIdentity | undefined;
  #sequences = new NumericMap();
  /** Partitions may have other leaders than we know. */
  #isStale = false;
  #isFenced = false;
  #isClosed = false;

  constructor(client: KafkaClient, id: string) {
    this.#client = client;
    this.#id = id;
    // A process that shares its connections with these calls would wait for brokers that wait for each other.
    this.#admin = new Admin(clientOptions(client.options));
  }

  /** Fences off all who wrote under this id. @throws {KitError} `bus-unreachable`, `bus-refused` */
  begin(): Promise<void> {
    return this.#inTurn(() => this.#initialise());
  }

  /** Which version of the protocol the brokers take; undefined before `begin`. */
  get version(): 1 | 2 | undefined {
    if (this.#api === undefined) return undefined;
    return this.#api === SECOND_VERSION ? 2 : 1;
  }

  /**
   * @returns where each record lies
   * @throws {KitError} `producer-fenced`, `partition-lost`: nothing of it was done; else as `faultOf`: nothing of it was
   * done, unless no group says how far it is, or the brokers do not answer for a minute
   */
  exchange(exchange: Exchange): Promise<readonly RecordPlace[]> {
    return this.#inTurn(() => this.#exchange(exchange));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await this.#admin.close().catch(() => {});
  }

  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(logClosed());
    const result = this.#turn.then(step);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #exchange(exchange: Exchange): Promise<readonly RecordPlace[]> {
    if (this.#isFenced) throw producerFenced(this.#id, undefined);
    if (this.#producer === undefined) await this.#initialise();
    let isEnding = false;
    try {
      const places = await this.#write(exchange);
      isEnding = true;
      await this.#end();
      return places;
    } catch (error) {
      this.#producer = undefined;
      const group = exchange.done[0]?.group ?? '';
      if (isRefusal(error, ...FENCED)) {
        this.#isFenced = true;
        throw producerFenced(this.#id, error);
      }
      const places = await this.#settle(exchange, isEnding);
      if (places !== undefined) return places;
      const [first] = exchange.done[0]?.positions ?? [];
      if (isFenced(error) && first !== undefined) throw partitionLost(group, first.topic, first.partition, error);
      throw faultOf(error, exchange.records[0]?.topic ?? group);
    }
  }

  /**
   * Ends what was open: until the brokers do, nobody knows what became of it.
   *
   * @returns places, of unknown offsets, when it was committed after all
   */
  async #settle({ records, done }: Exchange, isEnding: boolean): Promise<readonly RecordPlace[] | undefined> {
    if (!isEnding) return undefined;
    for (const deadline = performance.now() + TRANSACTION_MS; ; ) {
      try {
        await this.#initialise();
        break;
      } catch (error) {
        if (performance.now() > deadline) throw outcomeUnknown(this.#id, error);
        await pause(SETTLE_PAUSE_MS);
      }
    }
    for (const { group, positions } of done)
      for (const { topic, partition, offset } of positions) {
        const [committed] = await this.#client.committed(group, topic, [partition]);
        if (committed?.offset === offset) return records.map((record) => ({ ...placeOf(record), offset: -1 }));
        return undefined;
      }
    return undefined;
  }

  async #write({ records, done }: Exchange): Promise<readonly RecordPlace[]> {
    const api = this.#api as TransactionApi;
    const own = this.#own();
    const partitions = new Map(records.map((record) => [keyOf(record), placeOf(record)]));
    if (partitions.size > 0)
      await this.#ask((coordinator) => api.addPartitions?.(coordinator, own, [...partitions.values()]));
    const batches = await patiently(() => this.#produce(records), MOVED);
    for (const [key] of partitions)
      this.#sequences.postIncrement(key, records.filter((record) => keyOf(record) === key).length, 0);
    for (const positions of done) {
      await this.#ask((coordinator) => api.addGroup?.(coordinator, own, positions.group));
      await patiently(() =>
        this.#client.askCoordinator(positions.group, (coordinator) => api.commitOffsets(coordinator, own, positions)),
      );
    }
    const next = new Map(batches.map((batch) => [keyOf(batch), batch.baseOffset]));
    return records.map((record) => {
      const offset = next.get(keyOf(record)) ?? -1;
      next.set(keyOf(record), offset + 1);
      return { ...placeOf(record), offset };
    });
  }

  /**
   * To whoever leads each partition. What one of them has taken it knows again by its sequence, so all of it may be sent
   * again when another one has moved.
   */
  async #produce(records: readonly EncodedRecord[]): Promise<readonly ProducedBatch[]> {
    const api = this.#api as TransactionApi;
    const own = this.#own();
    const names = [...new Set(records.map(({ topic }) => topic))];
    const { topics } = await this.#admin.metadata({ topics: names, forceUpdate: this.#isStale });
    this.#isStale = false;
    const byLeader = Map.groupBy(
      records,
      ({ topic, partition }) => topics.get(topic)?.partitions[partition]?.leader ?? -1,
    );
    try {
      const batches = await Promise.all(
        [...byLeader].map(async ([node, some]) => {
          const leader = await this.#connect(node);
          const messages = some.map((record): MessageRecord => ({ ...record }) as MessageRecord);
          return patiently(() => api.produce(leader, own, messages, this.#sequences));
        }),
      );
      return batches.flat();
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }

  async #end(): Promise<void> {
    const api = this.#api as TransactionApi;
    const own = this.#own();
    const next = await this.#ask((coordinator) => api.end(coordinator, own, true));
    if (next === undefined) return;
    if (next.epoch !== own.epoch || next.id !== own.id) this.#sequences = new NumericMap();
    this.#producer = next;
  }

  #own(): TransactionIdentity {
    return { ...(this.#producer as ProducerIdentity), transactionalId: this.#id };
  }

  async #initialise(): Promise<void> {
    this.#producer = undefined;
    this.#sequences = new NumericMap();
    this.#api ??= await this.#versionOf();
    const producer = await this.#ask((coordinator) =>
      // Neither id nor epoch: whoever had this transactional id is fenced off, and what it left open is aborted.
      initProducerIdV4.api.async(coordinator, this.#id, TRANSACTION_MS, -1n, -1),
    );
    if (producer !== undefined) this.#producer = { id: producer.producerId, epoch: producer.producerEpoch };
  }

  async #versionOf(): Promise<TransactionApi> {
    const [connection] = (await this.#admin.connectToBrokers()).values();
    if (connection === undefined) throw closed();
    const { finalizedFeatures = [] } = await apiVersionsV3.api.async(connection, 'penstock', '1');
    const level = finalizedFeatures.find(({ name }) => name === FEATURE)?.maxVersionLevel ?? 0;
    return level >= SECOND ? SECOND_VERSION : FIRST_VERSION;
  }

  /** Asks whoever coordinates these transactions, until it is free to answer. */
  async #ask<Answer>(ask: (coordinator: Connection) => Promise<Answer> | undefined): Promise<Answer | undefined> {
    return patiently(async () => {
      this.#coordinator ??= (await this.#admin.findCoordinator({ keyType: TRANSACTION, keys: [this.#id] }))[0]?.nodeId;
      try {
        return await ask(await this.#connect(this.#coordinator ?? -1));
      } catch (error) {
        if (!isRefusal(error, ...BUSY)) this.#coordinator = undefined;
        throw error;
      }
    });
  }

  async #connect(node: number): Promise<Connection> {
    const connection = (await this.#admin.connectToBrokers([node])).get(node);
    if (connection === undefined) throw closed();
    return connection;
  }
}

/** Again while the brokers say that they have taken nothing of it. */
async function patiently<Result>(
  call: () => Promise<Result>,
  refusals: readonly string[] = [...BUSY, ...ELSEWHERE],
): Promise<Result> {
  for (let pauses = 0; ; pauses++) {
    try {
      return await call();
    } catch (error) {
      if (!isRefusal(error, ...refusals) || pauses === BUSY_PAUSES) throw error;
      await pause(BUSY_PAUSE_MS);
    }
  }
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

const placeOf = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition });
