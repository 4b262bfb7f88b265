import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { kafkaOptionsOf } from '../../../bus/kafka/address.ts';
import { isRefusal } from '../../../bus/kafka/faults.ts';
import { KafkaClient } from '../../../bus/kafka/kafka-client.ts';
import { pause } from '../../../bus/kafka/pause.ts';
import { type EncodedRecord, ProduceLane } from '../../../bus/kafka/produce-lane.ts';
import { KitError } from '../../../errors.ts';
import { groupBusy, logClosed, offsetGone, topicMissing } from '../faults.ts';
import type {
  JoinOptions,
  Log,
  LogAdmin,
  LogConsumer,
  LogGuarantees,
  LogRecord,
  LogSlice,
  OutgoingRecord,
  PartitionBounds,
  PartitionLag,
  Position,
  ReadOptions,
  RecordPlace,
  TopicOptions,
} from '../port.ts';
import { partitionFor } from '../record-check.ts';
import { about, faultOf } from './faults.ts';
import { KAFKA_LOG_GUARANTEES } from './guarantees.ts';
import { KafkaLogConsumer } from './kafka-log-consumer.ts';
import { LogReader } from './log-reader.ts';

const DEFAULT_LIMIT = 500;
const COPIES_OF_REPLICATED = 3;
const LOOK_MS = 50;
const LOOKS = 100;

/** How members of groups speak with the brokers; all members of a group in one way. */
export type GroupProtocol = 'classic' | 'consumer';

const PROTOCOL = 'groupProtocol';

/** Of the address, which is else that of the bus. @throws {KitError} `address-malformed` */
function protocolOf(url: string): { readonly address: string; readonly protocol: GroupProtocol } {
  const [servers = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  const protocol = parameters.get(PROTOCOL) ?? 'classic';
  if (protocol !== 'classic' && protocol !== 'consumer')
    throw new KitError('address-malformed', `log: received ${PROTOCOL}=${protocol}, expected classic or consumer`);
  parameters.delete(PROTOCOL);
  return { address: parameters.size === 0 ? servers : `${servers}?${parameters}`, protocol };
}

async function connect(address: string): Promise<KafkaClient> {
  const client = new KafkaClient(await kafkaOptionsOf(address));
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Topics of a cluster of Kafka, brokers 3.5 or newer. @throws {KitError} `address-malformed`, `bus-unreachable`, `bus-refused` */
export async function openKafkaLog(url: string): Promise<Log> {
  const { address, protocol } = protocolOf(url);
  return new KafkaLog(await connect(address), protocol);
}

/** The infrastructure's part on Kafka. @throws {KitError} as `openKafkaLog` */
export async function openKafkaLogAdmin(url: string): Promise<LogAdmin> {
  return new KafkaLogAdmin(await connect(protocolOf(url).address));
}

const partitionsOf = async (client: KafkaClient, topic: string): Promise<readonly number[]> => {
  const leaders = await about(topic, () => client.leaders(topic));
  if (leaders.length === 0) throw topicMissing(topic);
  return leaders.map((_, partition) => partition);
};

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

class KafkaLog implements Log {
  readonly guarantees: LogGuarantees;
  readonly #client: KafkaClient;
  readonly #protocol: GroupProtocol;
  readonly #lane: ProduceLane;
  readonly #partitions = new Map<string, number>();
  readonly #consumers = new Set<LogConsumer>();
  readonly #readers = new Map<string, { readonly reader: LogReader; turn: Promise<unknown> }>();
  #turn = 0;
  #closing: Promise<void> | undefined;

  constructor(client: KafkaClient, protocol: GroupProtocol) {
    this.#client = client;
    this.#protocol = protocol;
    this.guarantees = KAFKA_LOG_GUARANTEES[protocol];
    this.#lane = new ProduceLane(client.options, { faultOf, closed: logClosed });
  }

  async produce(records: readonly OutgoingRecord[]): Promise<readonly RecordPlace[]> {
    if (this.#closing !== undefined) throw logClosed();
    if (records.length === 0) return [];
    this.#turn += 1;
    for (const topic of new Set(records.map((record) => record.topic)))
      if (!this.#partitions.has(topic)) this.#partitions.set(topic, (await partitionsOf(this.#client, topic)).length);
    return this.#lane.send(records.map((record) => this.#encode(record)));
  }

  async join(options: JoinOptions): Promise<LogConsumer> {
    if (this.#closing !== undefined) throw logClosed();
    for (const topic of options.topics) await partitionsOf(this.#client, topic);
    const consumer: LogConsumer = new KafkaLogConsumer(this.#client, this.#protocol, options, () =>
      this.#consumers.delete(consumer),
    );
    this.#consumers.add(consumer);
    return consumer;
  }

  async read(
    topic: string,
    partition: number,
    from: number,
    { limit = DEFAULT_LIMIT, waitMs = 0 }: ReadOptions = {},
  ): Promise<LogSlice> {
    const records: LogRecord[] = [];
    let next = from;
    while (records.length < limit) {
      const slice = await this.#fetch({ topic, partition, offset: next }, records.length === 0 ? waitMs : 0);
      if (slice === undefined || slice.next === next) break;
      records.push(...slice.records);
      next = slice.next;
    }
    const last = records[limit - 1];
    return { records: records.slice(0, limit), next: records.length > limit ? (last?.offset ?? next) + 1 : next };
  }

  async bounds(topic: string): Promise<readonly PartitionBounds[]> {
    const partitions = await partitionsOf(this.#client, topic);
    this.#partitions.set(topic, partitions.length);
    const [first, end] = await Promise.all([
      this.#client.earliest(topic, partitions),
      this.#client.latest(topic, partitions),
    ]);
    return partitions.map((partition) => ({ partition, first: first[partition] ?? 0, end: end[partition] ?? 0 }));
  }

  async lag(group: string, topic: string): Promise<readonly PartitionLag[]> {
    const bounds = await this.bounds(topic);
    const committed = await this.#client.committed(
      group,
      topic,
      bounds.map(({ partition }) => partition),
    );
    return bounds.map(({ partition, first, end }) => {
      const offset = committed[partition]?.offset ?? -1;
      return { partition, first, end, committed: offset < 0 ? undefined : offset, lag: end - Math.max(first, offset) };
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    await this.#lane.close();
    await Promise.all([...this.#readers.values()].map(({ reader }) => reader.close().catch(() => {})));
    await this.#client.close();
  }

  #encode(record: OutgoingRecord): EncodedRecord {
    const { topic, key, value, headers = [] } = record;
    const partitions = this.#partitions.get(topic) ?? 1;
    return {
      topic,
      partition: partitionFor(record, partitions, this.#turn % partitions),
      key: key === undefined ? null : Buffer.from(key),
      value: value === null ? null : viewOf(value),
      headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), viewOf(bytes)])),
    };
  }

  /** One after the other of a topic: a broker remembers between two of them what was asked for. */
  async #fetch(position: Position, waitMs: number) {
    const { topic, partition, offset } = position;
    const turns = this.#readers.get(topic) ?? {
      reader: new LogReader(this.#client.options, topic, [topic]),
      turn: Promise.resolve(),
    };
    this.#readers.set(topic, turns);
    const fetched = turns.turn.then(() => turns.reader.fetch([position], waitMs));
    turns.turn = fetched.catch(() => {});
    try {
      return (await fetched)[0];
    } catch (error) {
      if (!isRefusal(error, 'OFFSET_OUT_OF_RANGE')) throw faultOf(error, topic);
      const [first = 0] = await about(topic, () => this.#client.earliest(topic, [partition]));
      throw offsetGone(topic, partition, offset, first);
    }
  }
}

class KafkaLogAdmin implements LogAdmin {
  readonly #client: KafkaClient;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  async provision({ name, partitions, retentionMs, compacted }: TopicOptions): Promise<void> {
    const { admin } = this.#client;
    const config = {
      'retention.ms': String(retentionMs ?? -1),
      'cleanup.policy': compacted === true ? (retentionMs === undefined ? 'compact' : 'compact,delete') : 'delete',
    };
    await about(name, async () => {
      const copies = Math.min((await admin.metadata({ topics: [] })).brokers.size, COPIES_OF_REPLICATED);
      const all = { ...config, 'min.insync.replicas': copies > 2 ? '2' : '1' };
      try {
        const configs = Object.entries(all).map(([key, value]) => ({ name: key, value }));
        await admin.createTopics({ topics: [name], partitions, replicas: copies, configs });
      } catch (error) {
        if (!isRefusal(error, 'TOPIC_ALREADY_EXISTS')) throw error;
        await this.#change(name, partitions, config);
      }
      await this.#known(name, partitions);
    });
  }

  async reposition(group: string, positions: readonly Position[]): Promise<void> {
    for (const { topic, partition, offset } of positions) {
      await partitionsOf(this.#client, topic);
      try {
        await this.#client.commit(group, topic, partition, { offset, metadata: null });
      } catch (error) {
        // Only of a group without members do the brokers take a commit by nobody.
        if (isRefusal(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'))
          throw groupBusy(group);
        throw faultOf(error, topic);
      }
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #change(name: string, partitions: number, config: Readonly<Record<string, string>>): Promise<void> {
    const { admin } = this.#client;
    const found = (await this.#client.leaders(name)).length;
    if (found > partitions)
      throw new KitError(
        'topic-mismatch',
        `topic ${name} has ${found} partitions, received ${partitions}: a log cannot be made narrower`,
        { repair: `ask for ${found}, or make another topic and move its readers` },
      );
    if (found < partitions) await admin.createPartitions({ topics: [{ name, count: partitions, assignments: null }] });
    const configs = Object.entries(config).map(([key, value]) => ({
      name: key,
      value,
      configOperation: IncrementalAlterConfigOperationTypes.SET,
    }));
    await admin.incrementalAlterConfigs({
      resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: name, configs }],
    });
  }

  /** Brokers learn of a topic one after another, and its partitions get their leaders a moment later. */
  async #known(name: string, partitions: number): Promise<void> {
    for (let look = 0; look < LOOKS; look++) {
      const found = await this.#client.admin.metadata({ topics: [name], forceUpdate: true }).catch(() => undefined);
      const leaders = found?.topics.get(name)?.partitions ?? [];
      if (leaders.length >= partitions && leaders.every(({ leader }) => leader >= 0)) return;
      await pause(LOOK_MS);
    }
  }
}
