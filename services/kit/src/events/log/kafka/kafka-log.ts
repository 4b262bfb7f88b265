import { isRefusal } from '../../../bus/kafka/faults.ts';
import type { KafkaClient } from '../../../bus/kafka/kafka-client.ts';
import { type EncodedRecord, ProduceLane } from '../../../bus/kafka/produce-lane.ts';
import { KitError } from '../../../errors.ts';
import { logClosed, offsetGone } from '../faults.ts';
import type {
  DonePosition,
  JoinOptions,
  Log,
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
  Transactions,
} from '../port.ts';
import { partitionFor } from '../record-check.ts';
import { connect, type GroupProtocol, partitionsOf, protocolOf } from './connect.ts';
import { about, faultOf } from './faults.ts';
import { KAFKA_LOG_GUARANTEES } from './guarantees.ts';
import { KafkaLogConsumer } from './kafka-log-consumer.ts';
import { LogReader } from './log-reader.ts';
import type { GroupPositions } from './transaction-api.ts';
import { TransactionLane } from './transaction-lane.ts';

const DEFAULT_LIMIT = 500;

/** Topics of a cluster of Kafka, brokers 3.5 or newer. @throws {KitError} `address-malformed`, `bus-unreachable`, `bus-refused` */
export async function openKafkaLog(url: string): Promise<Log> {
  const { address, protocol } = protocolOf(url);
  return new KafkaLog(await connect(address), protocol);
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

class KafkaLog implements Log {
  readonly guarantees: LogGuarantees;
  readonly #client: KafkaClient;
  readonly #protocol: GroupProtocol;
  readonly #lane: ProduceLane;
  readonly #partitions = new Map<string, number>();
  readonly #consumers = new Set<LogConsumer>();
  readonly #readers = new Map<string, LogReader>();
  readonly #transactions = new Set<Transactions>();
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
    for (const topic of new Set(records.map((record) => record.topic))) await this.#know(topic);
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

  async transact(id: string): Promise<Transactions> {
    if (this.#closing !== undefined) throw logClosed();
    const lane = new TransactionLane(this.#client, id);
    const close = async (): Promise<void> => {
      this.#transactions.delete(transactions);
      await lane.close();
    };
    const transactions: Transactions = {
      exchange: async ({ records, done }) => {
        for (const topic of new Set(records.map((record) => record.topic))) await this.#know(topic);
        return lane.exchange({ records: records.map((record) => this.#encode(record)), done: signed(done) });
      },
      close,
      [Symbol.asyncDispose]: close,
    };
    try {
      await lane.begin();
    } catch (error) {
      await lane.close();
      throw faultOf(error, `transactions ${id}`);
    }
    this.#transactions.add(transactions);
    return transactions;
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
    await Promise.all([...this.#transactions].map((transactions) => transactions.close()));
    await Promise.all([...this.#readers.values()].map((reader) => reader.close().catch(() => {})));
    await this.#client.close();
  }

  async #know(topic: string): Promise<void> {
    if (!this.#partitions.has(topic)) this.#partitions.set(topic, (await partitionsOf(this.#client, topic)).length);
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

  async #fetch(position: Position, waitMs: number) {
    const { topic, partition, offset } = position;
    const reader = this.#readers.get(topic) ?? new LogReader(this.#client.options, [topic]);
    this.#readers.set(topic, reader);
    try {
      return (await reader.fetch([position], waitMs))[0];
    } catch (error) {
      if (!isRefusal(error, 'OFFSET_OUT_OF_RANGE')) throw faultOf(error, topic);
      const [first = 0] = await about(topic, () => this.#client.earliest(topic, [partition]));
      throw offsetGone(topic, partition, offset, first);
    }
  }
}

/** @throws {KitError} `partition-lost`; `record-malformed` where a consumer is another log's */
function signed(done: readonly DonePosition[]): readonly GroupPositions[] {
  const groups = new Map<string, GroupPositions & { readonly positions: Position[] }>();
  for (const { consumer, from, offset } of done) {
    if (!(consumer instanceof KafkaLogConsumer))
      throw new KitError('record-malformed', 'a transaction on Kafka says what a consumer of another log has done', {
        repair: 'read and write in one log',
      });
    const { group, membership } = consumer.signatureOf(from);
    const entry = groups.get(group) ?? { group, membership, positions: [] };
    entry.positions.push({ topic: from.topic, partition: from.partition, offset });
    groups.set(group, entry);
  }
  return [...groups.values()];
}
