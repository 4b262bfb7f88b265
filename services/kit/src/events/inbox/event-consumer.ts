import type { Statement } from '../../effects/effect-store.ts';
import { KitError } from '../../errors.ts';
import { originOf } from '../consumer/given-up.ts';
import { type ConsumerOptions, type FlowState, RecordFlow } from '../consumer/record-flow.ts';
import type { EventDatabase } from '../event-database.ts';
import type { AssignedPartition, LogRecord, PartitionLag } from '../log/port.ts';
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

export interface EventConsumerOptions extends ConsumerOptions {
  /** Where the effects lie. */
  readonly database: EventDatabase;
  /** Says what a record leads to. It may be asked twice, so it does nothing else that matters. */
  readonly handle: (record: LogRecord) => EventEffect | Promise<EventEffect>;
  /** By what a record is known again. @default - its header `id` or `ce_id`, or else its first place in the log */
  readonly messageOf?: (record: LogRecord) => string;
  /** For how long a message is remembered, in milliseconds; what is older is taken away. @default 7 days */
  readonly windowMs?: number;
  /** Records in one transaction at most. @default 500 */
  readonly batch?: number;
}

export interface ConsumerState extends FlowState {
  readonly applied: number;
  /** Seen before, and left alone. */
  readonly duplicates: number;
}

const BATCH = 500;
const PURGE_ROWS = 1_000;
const SHORTEST_PURGE_MS = 1_000;
const LONGEST_PURGE_MS = 60_000;
/** Of a window; what is over stays so much longer. */
const PURGES_PER_WINDOW = 100;
/** Enough that the next transaction waits for no poll. */
const WINDOW_BATCHES = 4;

/** By what Debezium, CloudEvents or else the log itself knows a record. */
export function messageIdOf(record: LogRecord): string {
  const { topic, partition, offset } = originOf(record);
  return headerOf(record, 'id') ?? headerOf(record, 'ce_id') ?? `${topic}/${partition}/${offset}`;
}

/**
 * Takes what a group is given and does what it leads to, once: the effect and the id of the event are one transaction,
 * fenced by the epoch of the partition. Commits to the log follow, and may be lost. Partitions go side by side, each in
 * its order; without retry topics or dead letters a record that does not go stops its own until it does.
 */
export class EventConsumer implements AsyncDisposable {
  readonly #options: EventConsumerOptions;
  readonly #flow: RecordFlow;
  readonly #claimed = new WeakSet<AssignedPartition>();
  #applied = 0;
  #duplicates = 0;
  #purges: NodeJS.Timeout | undefined;
  #purging: Promise<void> = Promise.resolve();

  /** Where they are not said, `order` is 'partition' and `window` four batches. */
  constructor(options: EventConsumerOptions) {
    this.#options = options;
    const { batch = BATCH } = options;
    const flow = { ...options, order: options.order ?? 'partition', window: options.window ?? WINDOW_BATCHES * batch };
    this.#flow = new RecordFlow(flow, batch, (records, { from }) => this.#apply(records, from));
  }

  get state(): ConsumerState {
    return { ...this.#flow.state, applied: this.#applied, duplicates: this.#duplicates };
  }

  /** By topic. @throws {KitError} `topic-missing`, `bus-unreachable` */
  lag(): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
    return this.#flow.lag();
  }

  start(): void {
    const everyMs = Math.max(SHORTEST_PURGE_MS, Math.min(LONGEST_PURGE_MS, this.#windowMs / PURGES_PER_WINDOW));
    this.#purges ??= setInterval(() => {
      this.#purging = this.#purge();
    }, everyMs).unref();
    this.#flow.start();
  }

  /** Ends the transactions under way and gives the partitions to others at once. */
  async close(): Promise<void> {
    clearInterval(this.#purges);
    await this.#flow.close();
    await this.#purging;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #windowMs(): number {
    return this.#options.windowMs ?? INBOX_WINDOW_MS;
  }

  /** The inbox keeps what is within the window. Every member does it: there is nothing left for the second. */
  async #purge(): Promise<void> {
    const { database, group } = this.#options;
    try {
      while ((await database.run('purgeInbox', group, Date.now() - this.#windowMs, PURGE_ROWS)) === PURGE_ROWS);
    } catch (error) {
      this.#options.onFailure?.(error, undefined);
    }
  }

  /**
   * A later epoch refuses: somebody else has the partition. If nobody has, the log has forgotten the group and its epochs
   * begin anew: nothing is done until somebody says that this is right (`forget`).
   */
  async #apply(records: readonly LogRecord[], from: AssignedPartition): Promise<void> {
    const { database, group, handle, messageOf = messageIdOf } = this.#options;
    const fence: Fence = { consumer: group, source: `${from.topic}/${from.partition}`, epoch: from.epoch };
    const effects: MessageEffect[] = [];
    for (const record of records) {
      const { statements = [], events } = await handle(record);
      effects.push({ message: messageOf(record), statements, ...(events === undefined ? {} : { events }) });
    }
    if (!this.#claimed.has(from)) {
      await database.run('claim', fence);
      this.#claimed.add(from);
    }
    try {
      const receptions = await database.run('receive', database.dialect, fence, effects, Date.now(), this.#windowMs);
      const applied = receptions.filter((reception) => reception === 'applied').length;
      this.#applied += applied;
      this.#duplicates += receptions.length - applied;
    } catch (error) {
      if (KitError.is(error, 'event-fenced')) this.#claimed.delete(from);
      throw error;
    }
  }
}
