import { Producer } from '@platformatic/kafka';
import type { KitError } from '../../errors.ts';
import type { KafkaBusOptions } from './address.ts';
import { clientOptions } from './kafka-client.ts';

const ALL_IN_SYNC = -1;
/** A batch must fit into what a topic takes as one message by default, with room for what it carries beside. */
const BATCH_BYTES = 512 * 1_024;
const BATCH_RECORDS = 2_000;
const RECORD_OVERHEAD = 64;

/** A record as a client of Kafka sends it. */
export interface EncodedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Map<Buffer, Buffer>;
}

export interface ProducedPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** How a lane names what it failed for. */
export interface LaneFaults {
  readonly faultOf: (error: unknown, topic: string) => KitError;
  readonly closed: () => KitError;
}

/** Records of one call; they are sent in their order, by one request or several. */
interface Call {
  readonly records: readonly EncodedRecord[];
  readonly places: ProducedPlace[];
  readonly resolve: (places: readonly ProducedPlace[]) => void;
  readonly reject: (error: unknown) => void;
  isFailed: boolean;
}

interface Piece {
  readonly call: Call;
  readonly record: EncodedRecord;
}

/**
 * Records that come while others are under way share the next request. The producer is idempotent: what it sends again
 * by itself is stored once. After a failure nobody knows what is stored, and a new producer begins.
 */
export class ProduceLane {
  readonly #options: KafkaBusOptions;
  readonly #faults: LaneFaults;
  readonly #waiting: Piece[] = [];
  #producer: Producer<Buffer, Buffer, Buffer, Buffer> | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: KafkaBusOptions, faults: LaneFaults) {
    this.#options = options;
    this.#faults = faults;
  }

  /** @returns where each lies, once all replicas in sync have it. @throws {KitError} as its faults say */
  send(records: readonly EncodedRecord[]): Promise<readonly ProducedPlace[]> {
    if (this.#isClosed) return Promise.reject(this.#faults.closed());
    const { promise, resolve, reject } = Promise.withResolvers<readonly ProducedPlace[]>();
    const call: Call = { records, places: [], resolve, reject, isFailed: false };
    for (const record of records) this.#waiting.push({ call, record });
    this.#running ??= this.#run();
    return promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    await this.#producer?.close().catch(() => {});
  }

  async #run(): Promise<void> {
    // Calls of this turn of the event loop go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#sendBatch(this.#nextBatch());
    // In the same turn as the last look: what comes next starts anew.
    this.#running = undefined;
  }

  #nextBatch(): readonly Piece[] {
    let bytes = 0;
    const fits = this.#waiting.findIndex(({ record: { key, value } }, n) => {
      bytes += (key?.byteLength ?? 0) + (value?.byteLength ?? 0) + RECORD_OVERHEAD;
      return n > 0 && (bytes > BATCH_BYTES || n >= BATCH_RECORDS);
    });
    return this.#waiting.splice(0, fits < 0 ? this.#waiting.length : fits);
  }

  async #sendBatch(batch: readonly Piece[]): Promise<void> {
    // The rest of a call that failed would lie there without what comes before it.
    const pieces = batch.filter(({ call }) => !call.isFailed);
    if (pieces.length === 0) return;
    this.#producer ??= new Producer({ ...clientOptions(this.#options), idempotent: true, acks: ALL_IN_SYNC });
    try {
      const { offsets = [] } = await this.#producer.send({
        // The client's type knows no record without a value; its encoder does.
        messages: pieces.map(
          ({ record }) => record as EncodedRecord & { readonly key: Buffer; readonly value: Buffer },
        ),
        acks: ALL_IN_SYNC,
        idempotent: true,
      });
      const next = new Map(offsets.map(({ topic, partition, offset }) => [`${partition}:${topic}`, Number(offset)]));
      for (const { call, record } of pieces) {
        const { topic, partition } = record;
        const offset = next.get(`${partition}:${topic}`) ?? -1;
        next.set(`${partition}:${topic}`, offset + 1);
        call.places.push({ topic, partition, offset });
        if (call.places.length === call.records.length) call.resolve(call.places);
      }
    } catch (error) {
      const producer = this.#producer;
      this.#producer = undefined;
      await producer.close(true).catch(() => {});
      for (const { call, record } of pieces) {
        call.isFailed = true;
        call.reject(this.#faults.faultOf(error, record.topic));
      }
    }
  }
}
