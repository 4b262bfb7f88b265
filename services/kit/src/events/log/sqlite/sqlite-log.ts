import { KitError } from '../../../errors.ts';
import type { ScriptStore } from '../../../sql/script-store.ts';
import { openSqliteScripts } from '../../../sql/sqlite-script-store.ts';
import { logClosed } from '../faults.ts';
import type {
  DonePosition,
  JoinOptions,
  Log,
  LogAdmin,
  LogConsumer,
  LogGuarantees,
  LogSlice,
  OutgoingRecord,
  PartitionBounds,
  PartitionLag,
  ReadOptions,
  RecordPlace,
  Transactions,
} from '../port.ts';
import { partitionFor } from '../record-check.ts';
import { SQLITE_LOG_GUARANTEES } from './guarantees.ts';
import { headerText, recordOf } from './record.ts';
import { LOG_WAKES, type LogScripts } from './scripts/index.ts';
import type { PlacedRecord } from './scripts/records.ts';
import type { SignedPosition } from './scripts/transactions.ts';
import { SqliteLogConsumer } from './sqlite-log-consumer.ts';
import { createTables } from './tables.ts';

export interface SqliteLogOptions {
  /** The file, on a local disk: never on a network file system. Several processes may have it open. */
  readonly path: string;
}

/** How often retention and compaction have their turn. */
const TRIM_INTERVAL_MS = 30_000;
const DEFAULT_LIMIT = 500;

const open = (path: string): Promise<ScriptStore<LogScripts>> =>
  openSqliteScripts<LogScripts>(new URL('./thread.ts', import.meta.url), path, LOG_WAKES);

/**
 * The embedded log: topics in one file.
 *
 * @throws {KitError} `store-missing`, `store-mismatch`, `storage-corrupt`, `storage-failed`
 */
export async function openSqliteLog({ path }: SqliteLogOptions): Promise<Log> {
  return new SqliteLog(await open(path));
}

/**
 * The infrastructure's part on one file; makes the file when there is none.
 *
 * @throws {KitError} `store-mismatch`, `storage-corrupt`, `storage-full`, `storage-failed`
 */
export async function openSqliteLogAdmin({ path }: SqliteLogOptions): Promise<LogAdmin> {
  createTables(path);
  const store = await open(path);
  return {
    provision: (topic) => store.run('provisionTopic', topic),
    reposition: (group, positions) => store.run('reposition', group, positions, Date.now()),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

const placesOf = (placed: readonly PlacedRecord[], offsets: readonly number[]): readonly RecordPlace[] =>
  placed.map(({ topic, partition }, index) => ({ topic, partition, offset: offsets[index] as number }));

/** @throws {KitError} `partition-lost`; `record-malformed` where a consumer is another log's */
function signedPosition({ consumer, from, offset }: DonePosition): SignedPosition {
  if (!(consumer instanceof SqliteLogConsumer))
    throw new KitError('record-malformed', 'a transaction in a file says what a consumer of another log has done', {
      repair: 'read and write in one log',
    });
  const { topic, partition } = from;
  return { ...consumer.signatureOf(from), topic, partition, offset };
}

class SqliteLog implements Log {
  readonly guarantees: LogGuarantees = SQLITE_LOG_GUARANTEES;
  readonly #store: ScriptStore<LogScripts>;
  readonly #consumers = new Set<LogConsumer>();
  readonly #partitions = new Map<string, number>();
  readonly #trim: NodeJS.Timeout;
  #turn = 0;
  #closing: Promise<void> | undefined;

  constructor(store: ScriptStore<LogScripts>) {
    this.#store = store;
    this.#trim = setInterval(() => void this.#trimAll(), TRIM_INTERVAL_MS);
    this.#trim.unref();
  }

  async produce(records: readonly OutgoingRecord[]): Promise<readonly RecordPlace[]> {
    if (this.#closing !== undefined) throw logClosed();
    if (records.length === 0) return [];
    const placed = await this.#place(records);
    const offsets = await this.#store.run('append', placed, Date.now());
    return placesOf(placed, offsets);
  }

  async transact(id: string): Promise<Transactions> {
    if (this.#closing !== undefined) throw logClosed();
    const epoch = await this.#store.run('beginProducer', id);
    return {
      exchange: async ({ records, done }) => {
        const [placed, signed] = [await this.#place(records), done.map(signedPosition)];
        return placesOf(placed, await this.#store.run('exchange', id, epoch, placed, signed, Date.now()));
      },
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async #place(records: readonly OutgoingRecord[]): Promise<readonly PlacedRecord[]> {
    this.#turn += 1;
    for (const topic of new Set(records.map((record) => record.topic)))
      if (!this.#partitions.has(topic)) await this.bounds(topic);
    return records.map((record) => {
      const partitions = this.#partitions.get(record.topic) ?? 1;
      return {
        topic: record.topic,
        partition: partitionFor(record, partitions, this.#turn % partitions),
        key: record.key ?? null,
        headers: headerText(record.headers),
        value: record.value,
      };
    });
  }

  async join(options: JoinOptions): Promise<LogConsumer> {
    if (this.#closing !== undefined) throw logClosed();
    const consumer = await SqliteLogConsumer.join(this.#store, options, () => this.#consumers.delete(consumer));
    this.#consumers.add(consumer);
    return consumer;
  }

  async read(
    topic: string,
    partition: number,
    from: number,
    { limit = DEFAULT_LIMIT, waitMs = 0 }: ReadOptions = {},
  ): Promise<LogSlice> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const left = deadline - performance.now();
      const changed = left > 0 ? this.#store.changed(left) : undefined;
      const [slice] = await this.#store.run('read', [{ topic, partition, offset: from }], limit);
      if (slice !== undefined || changed === undefined)
        return {
          records: slice?.records.map((found) => recordOf(topic, partition, found)) ?? [],
          next: slice?.next ?? from,
        };
      await changed;
    }
  }

  /** Also learns how many partitions there are now: a topic may have been made wider. */
  async bounds(topic: string): Promise<readonly PartitionBounds[]> {
    const found = await this.#store.run('bounds', topic);
    this.#partitions.set(topic, found.length);
    return found;
  }

  lag(group: string, topic: string): Promise<readonly PartitionLag[]> {
    return this.#store.run('lag', group, topic);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#trim);
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    await this.#store.close();
  }

  /** A fault of the file is told to whoever produces. */
  async #trimAll(): Promise<void> {
    try {
      while (this.#closing === undefined && (await this.#store.run('trim', Date.now())));
    } catch {}
  }
}
