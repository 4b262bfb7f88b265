import { murmur2, Producer } from '@platformatic/kafka';
import { closed, faultOf } from './faults.ts';
import type { OutgoingRecord } from './item-record.ts';
import { clientOptions, type KafkaClient } from './kafka-client.ts';

const ALL_IN_SYNC = -1;
/** A batch must fit into what a topic takes as one message by default, with room for what it carries beside. */
const BATCH_BYTES = 512 * 1_024;
const BATCH_RECORDS = 1_000;
const RECORD_OVERHEAD = 64;
const POSITIVE = 0x7fffffff;

interface Waiting {
  readonly topic: string;
  readonly partition: number;
  readonly record: OutgoingRecord;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Publishes that come while others are under way share the next request. The producer is idempotent: what it sends
 * again by itself is stored once. After a failure nobody knows what is stored, and a new producer begins.
 */
export class PublishLane {
  readonly #client: KafkaClient;
  readonly #waiting: Waiting[] = [];
  #producer: Producer | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  /** By the hash that all clients of Kafka use: items of one key are in one partition. */
  static partitionOf(key: Buffer, partitions: number): number {
    return (murmur2(key) & POSITIVE) % partitions;
  }

  /** @returns the offset, once all replicas in sync have it. @throws {KitError} as `faultOf` says; `bus-closed` */
  send(topic: string, partition: number, record: OutgoingRecord): Promise<number> {
    if (this.#isClosed) return Promise.reject(closed());
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiting.push({ topic, partition, record, resolve, reject });
    this.#running ??= this.#run();
    return promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    await this.#producer?.close().catch(() => {});
  }

  async #run(): Promise<void> {
    // Publishes of this turn of the event loop go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#sendBatch(this.#nextBatch());
    // In the same turn as the last look: what comes next starts anew.
    this.#running = undefined;
  }

  #nextBatch(): readonly Waiting[] {
    let bytes = 0;
    const fits = this.#waiting.findIndex(({ record }, n) => {
      bytes += record.key.byteLength + record.value.byteLength + RECORD_OVERHEAD;
      return n > 0 && (bytes > BATCH_BYTES || n >= BATCH_RECORDS);
    });
    return this.#waiting.splice(0, fits < 0 ? this.#waiting.length : fits);
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    this.#producer ??= new Producer({ ...clientOptions(this.#client.options), idempotent: true, acks: ALL_IN_SYNC });
    try {
      const { offsets = [] } = await this.#producer.send({
        messages: batch.map(({ topic, partition, record }) => ({ topic, partition, ...record })),
        acks: ALL_IN_SYNC,
        idempotent: true,
      });
      const next = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}:${partition}`, Number(offset)]));
      for (const { topic, partition, resolve } of batch) {
        const place = `${topic}:${partition}`;
        const offset = next.get(place) ?? -1;
        next.set(place, offset + 1);
        resolve(offset);
      }
    } catch (error) {
      const producer = this.#producer;
      this.#producer = undefined;
      await producer.close(true).catch(() => {});
      for (const { topic, reject } of batch) reject(faultOf(error, `topic ${topic}`));
    }
  }
}
