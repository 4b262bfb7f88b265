import { setTimeout as sleep } from 'node:timers/promises';
import type { Statement } from '../../effects/effect-store.ts';
import { KitError } from '../../errors.ts';
import type { EventDatabase } from '../event-database.ts';
import type { AssignedPartition, Log, LogConsumer, LogRecord, PolledBatch } from '../log/port.ts';
import { headerOf } from '../log/record-headers.ts';
import type { OutboxEvent } from '../outbox/outbox-event.ts';
import type { Fence, MessageEffect } from '../scripts/inbox.ts';
import { INBOX_WINDOW_MS } from './accept-within.ts';

/** What an event leads to: all of it, or nothing. */
export interface EventEffect {
  readonly statements?: readonly Statement[];
  /** Told others in turn, by the outbox of the same database. */
  readonly events?: readonly OutboxEvent[];
}

export interface EventConsumerOptions {
  readonly log: Log;
  /** Of the group, and of its inbox. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Where the effects lie. */
  readonly database: EventDatabase;
  /**
   * Says what a record leads to. It may be asked twice, so it does nothing else that matters. What it throws stops its
   * partition until it is asked again, with pauses: nothing is left out.
   */
  readonly handle: (record: LogRecord) => EventEffect | Promise<EventEffect>;
  /** By what a record is known again. @default - its header `id` or `ce_id`, or else its place in the log */
  readonly messageOf?: (record: LogRecord) => string;
  /** For how long a message is remembered, in milliseconds. @default 7 days */
  readonly windowMs?: number;
  /** Where the group begins. @default 'earliest' */
  readonly startAt?: 'earliest' | 'latest';
  /** Silence after which others get the partitions, in milliseconds. @default 10000 */
  readonly sessionMs?: number;
  /** Records at once at most. @default 500 */
  readonly batch?: number;
  /** Told of what does not go; it is tried again. @default - nobody */
  readonly onFailure?: (error: unknown, from: AssignedPartition | undefined) => void;
}

export interface ConsumerState {
  readonly applied: number;
  /** Seen before, and left alone. */
  readonly duplicates: number;
  /** Why nothing goes at the moment. */
  readonly failure: unknown;
}

const BATCH = 500;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/** By what Debezium, CloudEvents or else the log itself knows a record. */
export const messageIdOf = (record: LogRecord): string =>
  headerOf(record, 'id') ?? headerOf(record, 'ce_id') ?? `${record.topic}/${record.partition}/${record.offset}`;

/**
 * Takes what a group is given and does what it leads to, once: the effect and the id of the event are one transaction,
 * fenced by the epoch of the partition. Commits to the log follow, and may be lost.
 */
export class EventConsumer implements AsyncDisposable {
  readonly #options: EventConsumerOptions;
  readonly #stopping = new AbortController();
  readonly #claimed = new WeakSet<AssignedPartition>();
  #consumer: LogConsumer | undefined;
  #applied = 0;
  #duplicates = 0;
  #failure: unknown;
  #busy: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;

  constructor(options: EventConsumerOptions) {
    this.#options = options;
  }

  get state(): ConsumerState {
    return { applied: this.#applied, duplicates: this.#duplicates, failure: this.#failure };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the batch under way and gives the partitions to others at once. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#consumer?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { batch = BATCH } = this.#options;
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        this.#consumer ??= await this.#join();
        const batches = await this.#consumer.poll({ limit: batch, signal: this.#stopping.signal });
        this.#busy = this.#handleAll(this.#consumer, batches);
        await this.#busy;
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#note(error, undefined);
        await this.#pause(failures);
      }
    }
  }

  #join(): Promise<LogConsumer> {
    const { log, group, topics, startAt = 'earliest', sessionMs } = this.#options;
    return log.join({
      group,
      topics,
      startAt,
      ...(sessionMs === undefined ? {} : { sessionMs }),
      // What is under way is small: its partition goes when it is done.
      revoking: () => this.#busy,
    });
  }

  async #handleAll(consumer: LogConsumer, batches: readonly PolledBatch[]): Promise<void> {
    await Promise.all(batches.map((batch) => this.#handle(consumer, batch)));
  }

  /** Until it is done, or the partition is somebody else's. */
  async #handle(consumer: LogConsumer, { from, records }: PolledBatch): Promise<void> {
    for (let failures = 0; !from.signal.aborted && !this.#stopping.signal.aborted; ) {
      try {
        await this.#apply(from, records);
        await consumer.commit(from, (records.at(-1)?.offset ?? 0) + 1);
        this.#failure = undefined;
        return;
      } catch (error) {
        if (await this.#isLost(consumer, from, records, error)) return;
        failures += 1;
        this.#note(error, from);
        await this.#pause(failures);
      }
    }
  }

  /**
   * Whether a refusal means that somebody else has the partition. If it is still this member's, the log has forgotten the
   * group and its epochs begin anew: nothing is done until somebody says that this is right (`forget`).
   */
  async #isLost(
    consumer: LogConsumer,
    from: AssignedPartition,
    records: readonly LogRecord[],
    error: unknown,
  ): Promise<boolean> {
    if (KitError.is(error, 'partition-lost')) return true;
    if (!KitError.is(error, 'event-fenced')) return false;
    this.#claimed.delete(from);
    return consumer.commit(from, records[0]?.offset ?? 0).then(
      () => false,
      (refusal) => KitError.is(refusal, 'partition-lost'),
    );
  }

  async #apply(from: AssignedPartition, records: readonly LogRecord[]): Promise<void> {
    const { database, group, handle, messageOf = messageIdOf, windowMs = INBOX_WINDOW_MS } = this.#options;
    const fence: Fence = { consumer: group, source: `${from.topic}/${from.partition}`, epoch: from.epoch };
    if (!this.#claimed.has(from)) {
      await database.run('claim', fence);
      this.#claimed.add(from);
    }
    const effects: MessageEffect[] = [];
    for (const record of records) {
      const { statements = [], events } = await handle(record);
      effects.push({ message: messageOf(record), statements, ...(events === undefined ? {} : { events }) });
    }
    const receptions = await database.run('receive', database.dialect, fence, effects, Date.now(), windowMs);
    for (const reception of receptions) {
      if (reception === 'applied') this.#applied += 1;
      else this.#duplicates += 1;
    }
  }

  #note(error: unknown, from: AssignedPartition | undefined): void {
    this.#failure = error;
    this.#options.onFailure?.(error, from);
  }

  async #pause(failures: number): Promise<void> {
    const ms = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** failures);
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}
