import { Admin, type BaseOptions, type Connection, Consumer, offsetCommitV9 } from '@platformatic/kafka';
import type { KafkaBusOptions } from './address.ts';
import { closed, faultOf } from './faults.ts';
import type { ItemRecord } from './item-record.ts';

const EARLIEST = -2n;
const LATEST = -1n;
const GROUP = 0;
const TOPIC = 2;
const FETCH_BYTES = 4 * 2 ** 20;
const PARTITION_BYTES = 2 ** 20;
/** Of a commit that is no group member's. */
const NOBODY = { generation: -1, id: '' } as const;

export interface Membership {
  /** By the protocol of KIP-848: the member's epoch. */
  readonly generation: number;
  readonly id: string;
  /** Of a member that keeps its place from one life to the next. */
  readonly instance?: string;
}

export interface Committed {
  /** -1 when nothing was committed. */
  readonly offset: number;
  readonly metadata: string | null;
}

export interface Wanted {
  readonly partition: number;
  readonly offset: number;
}

export interface Fetched {
  readonly records: readonly ItemRecord[];
  /** By partition: the offset to go on from. */
  readonly next: ReadonlyMap<number, number>;
}

/** What every client of the brokers is made with. */
export function clientOptions({ brokers, ca, cert, key, user }: KafkaBusOptions): BaseOptions {
  const isEncrypted = ca !== undefined || cert !== undefined || key !== undefined;
  return {
    clientId: 'penstock',
    bootstrapBrokers: [...brokers],
    retries: 2,
    retryDelay: 200,
    connectTimeout: 3_000,
    timeout: 5_000,
    ...(isEncrypted
      ? {
          tls: {
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key }),
          },
        }
      : {}),
    ...(user === undefined
      ? {}
      : { sasl: { mechanism: 'SCRAM-SHA-512', username: user.name, password: user.password } as const }),
  };
}

/** The log as a driver needs it: offsets, commits with their metadata, and records by their place. */
export class KafkaClient {
  readonly options: KafkaBusOptions;
  readonly admin: Admin;
  readonly #coordinators = new Map<string, number>();
  #isClosed = false;

  constructor(options: KafkaBusOptions) {
    this.options = options;
    this.admin = new Admin(clientOptions(options));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.admin.close();
  }

  /** @throws {KitError} `bus-unreachable`, `bus-refused` */
  async connect(): Promise<void> {
    await this.#call('brokers', () => this.admin.metadata({ topics: [] }));
  }

  /** By partition: the node that leads it. @throws {KitError} `queue-missing`, `bus-unreachable` */
  async leaders(topic: string): Promise<readonly number[]> {
    const found = await this.#call(`topic ${topic}`, () => this.admin.metadata({ topics: [topic] }));
    return found.topics.get(topic)?.partitions.map(({ leader }) => leader) ?? [];
  }

  earliest(topic: string, partitions: readonly number[]): Promise<readonly number[]> {
    return this.#offsets(topic, partitions, EARLIEST);
  }

  latest(topic: string, partitions: readonly number[]): Promise<readonly number[]> {
    return this.#offsets(topic, partitions, LATEST);
  }

  async committed(group: string, topic: string, partitions: readonly number[]): Promise<readonly Committed[]> {
    const groups = await this.#call(`group ${group}`, () =>
      this.admin.listConsumerGroupOffsets({
        groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: [...partitions] }] }],
      }),
    );
    const found = groups.flatMap(({ topics }) => topics).flatMap((entry) => entry.partitions);
    return partitions.map((partition) => {
      const entry = found.find(({ partitionIndex }) => partitionIndex === partition);
      return { offset: Number(entry?.committedOffset ?? -1), metadata: entry?.metadata ?? null };
    });
  }

  /** Bytes. @throws {KitError} `bus-refused` for a user who may not look, `bus-unreachable` */
  async largestMessage(topic: string): Promise<number> {
    const [described] = await this.#call(`topic ${topic}`, () =>
      this.admin.describeConfigs({
        resources: [{ resourceType: TOPIC, resourceName: topic, configurationKeys: ['max.message.bytes'] }],
      }),
    );
    return Number(described?.configs[0]?.value ?? Number.MAX_SAFE_INTEGER);
  }

  /** Once, as the client's own commit carries no metadata and joins the group again by itself. */
  async commit(
    group: string,
    topic: string,
    partition: number,
    { offset, metadata }: Committed,
    { generation, id, instance }: Membership = NOBODY,
  ): Promise<void> {
    await this.askCoordinator(group, (connection) => {
      const partitions = [
        {
          partitionIndex: partition,
          committedOffset: BigInt(offset),
          committedLeaderEpoch: -1,
          committedMetadata: metadata,
        },
      ];
      return offsetCommitV9.api.async(connection, group, generation, id, instance ?? null, [
        { name: topic, partitions },
      ]);
    });
  }

  /** Asks the broker that coordinates a group; after a failure it is looked for anew. */
  async askCoordinator<Answer>(group: string, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    try {
      const node = this.#coordinators.get(group) ?? (await this.#findCoordinator(group));
      const connection = (await this.admin.connectToBrokers([node])).get(node);
      if (connection === undefined) throw closed();
      return await ask(connection);
    } catch (error) {
      this.#coordinators.delete(group);
      throw error;
    }
  }

  async #findCoordinator(group: string): Promise<number> {
    const [found] = await this.admin.findCoordinator({ keyType: GROUP, keys: [group] });
    const node = found?.nodeId ?? -1;
    this.#coordinators.set(group, node);
    return node;
  }

  async #offsets(topic: string, partitions: readonly number[], timestamp: bigint): Promise<readonly number[]> {
    const listed = await this.#call(`topic ${topic}`, () =>
      this.admin.listOffsets({
        topics: [{ name: topic, partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
      }),
    );
    const found = listed.flatMap((entry) => entry.partitions);
    return partitions.map((partition) =>
      Number(found.find(({ partitionIndex }) => partitionIndex === partition)?.offset ?? 0),
    );
  }

  async #call<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw closed();
    try {
      return await call();
    } catch (error) {
      throw faultOf(error, what);
    }
  }
}

/** Reads one topic by place, on connections of its own: a fetch waits on the broker, and all behind it. */
export class TopicReader {
  readonly #consumer: Consumer;
  readonly #topic: string;

  constructor(options: KafkaBusOptions, topic: string) {
    this.#topic = topic;
    this.#consumer = new Consumer({ ...clientOptions(options), groupId: `${topic}.reader` });
    this.#consumer.topics.track(topic);
  }

  close(): Promise<void> {
    return this.#consumer.close(true);
  }

  /** @param waitMs that a broker waits for something new */
  async fetch(wanted: readonly Wanted[], waitMs: number): Promise<Fetched> {
    const metadata = await this.#consumer.metadata({ topics: [this.#topic] });
    const topic = metadata.topics.get(this.#topic);
    const byNode = Map.groupBy(wanted, ({ partition }) => topic?.partitions[partition]?.leader ?? -1);
    const records: ItemRecord[] = [];
    const next = new Map<number, number>();
    await Promise.all(
      [...byNode].map(async ([node, some]) => {
        const partitions = some.map(({ partition, offset }) => ({
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: BigInt(offset),
          lastFetchedEpoch: -1,
          partitionMaxBytes: PARTITION_BYTES,
        }));
        const answer = await this.#consumer.fetch({
          node,
          topics: [{ topicId: topic?.id ?? '', partitions }],
          maxWaitTime: waitMs,
          minBytes: 1,
          maxBytes: FETCH_BYTES,
        });
        for (const { partitionIndex, records: batches } of answer.responses.flatMap((entry) => entry.partitions)) {
          const from = some.find(({ partition }) => partition === partitionIndex)?.offset ?? 0;
          for (const batch of batches ?? []) {
            for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
              const offset = Number(batch.firstOffset) + offsetDelta;
              if (offset < from) continue;
              records.push({
                partition: partitionIndex,
                offset,
                key: key?.toString() ?? `${partitionIndex}-${offset}`,
                payload: new Uint8Array(value ?? []),
                headers: new Map(headers.map(([name, text]) => [name?.toString() ?? '', text?.toString() ?? ''])),
                timestamp: Number(batch.firstTimestamp + timestampDelta),
              });
            }
            next.set(partitionIndex, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
          }
        }
      }),
    );
    return { records, next };
  }
}
