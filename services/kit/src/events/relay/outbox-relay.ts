import { setTimeout as sleep } from 'node:timers/promises';
import { KitError } from '../../errors.ts';
import type { EventDatabase } from '../event-database.ts';
import type { Log, OutgoingRecord } from '../log/port.ts';
import type { OutboxEvent, WaitingEvent } from '../outbox/outbox-event.ts';
import type { Lead } from '../scripts/lead.ts';
import type { RelayedEvents } from '../scripts/outbox.ts';
import { routedRecord, routedTopic } from './router-record.ts';

export interface OutboxRelayOptions {
  readonly database: EventDatabase;
  readonly log: Log;
  /** Unique to one life of one process. */
  readonly owner: string;
  /** @default - `outbox.event.<aggregateType>` */
  readonly topicOf?: (event: OutboxEvent) => string;
  /** @default - as Debezium's outbox event router writes it */
  readonly toRecord?: (event: OutboxEvent, topic: string) => OutgoingRecord;
  /** Events at once at most. @default 1000 */
  readonly batch?: number;
  /** Silence after which another one leads, in milliseconds. @default 5000 */
  readonly leadMs?: number;
  /** Told of what does not go; it is tried again. @default - nobody */
  readonly onFailure?: (error: unknown) => void;
}

export interface RelayState {
  readonly leads: boolean;
  /** Events that this process brought into the log. */
  readonly published: number;
  /** Why nothing goes at the moment. */
  readonly failure: KitError | undefined;
}

const ROLE = 'relay';
const BATCH = 1_000;
const LEAD_MS = 5_000;
const SIGNS_PER_LEAD = 4;
/** An append that was not told of is found by then: its writer saw the relay at work. */
const LOOK_MS = 100;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** What the log will refuse again, whoever asks. */
const REFUSALS: readonly string[] = ['item-too-large', 'record-malformed', 'topic-missing'];

const NOTHING: RelayedEvents = { published: [], refused: [] };

/**
 * Brings what lies in the outbox into the log, the events of an aggregate in their order, each at least once. Of several
 * relays on one database one works. One that was stopped and wakes up behind its successor repeats what lies in the log
 * already; the first of each event are in order, whatever it does.
 */
export class OutboxRelay implements AsyncDisposable {
  readonly #options: OutboxRelayOptions;
  readonly #stopping = new AbortController();
  #lead: Lead | undefined;
  #ledAt = 0;
  #published = 0;
  #failure: KitError | undefined;
  #running: Promise<void> | undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  get state(): RelayState {
    return { leads: this.#lead !== undefined, published: this.#published, failure: this.#failure };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the batch under way and lets another one lead at once. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const lead = this.#lead;
    this.#lead = undefined;
    // Not told: another one leads when the time is over.
    if (lead !== undefined) await this.#options.database.run('resign', lead).catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    let done = NOTHING;
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        if (!(await this.#leads())) {
          await this.#rest(this.#leadMs / SIGNS_PER_LEAD);
          continue;
        }
        done = await this.#turn(done);
        failures = 0;
        this.#failure = undefined;
      } catch (error) {
        this.#note(error);
        failures += 1;
        await this.#rest(Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** failures));
      }
    }
    // What was published is taken out, or else published again.
    if (this.#lead !== undefined && done.published.length > 0)
      await this.#options.database.run('relayOn', this.#lead, done, 0).catch(() => {});
  }

  get #leadMs(): number {
    return this.#options.leadMs ?? LEAD_MS;
  }

  /** Takes the lead or keeps it. */
  async #leads(): Promise<boolean> {
    if (this.#lead !== undefined && performance.now() - this.#ledAt < this.#leadMs / SIGNS_PER_LEAD) return true;
    const { database, owner } = this.#options;
    const at = performance.now();
    const term = await database.run('lead', ROLE, owner, Date.now(), this.#leadMs);
    this.#lead = term === undefined ? undefined : { role: ROLE, owner, term };
    this.#ledAt = at;
    return term !== undefined;
  }

  /** @returns what is to be taken out of the outbox by the next turn */
  async #turn(done: RelayedEvents): Promise<RelayedEvents> {
    const { database, batch = BATCH } = this.#options;
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    // Before the look: what comes after it is told of.
    const changed = database.changed(LOOK_MS, waiting.signal);
    try {
      const events = await database.run('relayOn', this.#lead as Lead, done, batch);
      if (events.length > 0) return await this.#produce(events);
      await changed;
      return NOTHING;
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      waiting.abort();
    }
  }

  async #produce(events: readonly WaitingEvent[]): Promise<RelayedEvents> {
    const { log } = this.#options;
    try {
      await log.produce(events.map((event) => this.#recordOf(event)));
      this.#published += events.length;
      return { published: events.map(({ seq }) => seq), refused: [] };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.#produceEach(events);
    }
  }

  /** One of them is refused: the others go, but none of its own aggregate. */
  async #produceEach(events: readonly WaitingEvent[]): Promise<RelayedEvents> {
    const published: number[] = [];
    const refused: { readonly seq: number; readonly reason: string }[] = [];
    const held = new Set<string>();
    for (const event of events) {
      const aggregate = `${event.aggregateType}\0${event.aggregateId}`;
      if (held.has(aggregate)) continue;
      try {
        await this.#options.log.produce([this.#recordOf(event)]);
        published.push(event.seq);
        this.#published += 1;
      } catch (error) {
        if (!isRefusal(error)) {
          this.#note(error);
          break;
        }
        held.add(aggregate);
        refused.push({ seq: event.seq, reason: error.message });
        this.#options.onFailure?.(error);
      }
    }
    return { published, refused };
  }

  #recordOf(event: WaitingEvent): OutgoingRecord {
    const { topicOf = routedTopic, toRecord = routedRecord } = this.#options;
    return toRecord(event, topicOf(event));
  }

  #note(error: unknown): void {
    if (KitError.is(error, 'lead-lost')) {
      this.#lead = undefined;
      return;
    }
    this.#failure = KitError.is(error)
      ? error
      : new KitError('bus-refused', `relay: ${String(error)}`, { cause: error });
    this.#options.onFailure?.(error);
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}

const isRefusal = (error: unknown): error is KitError => KitError.is(error) && REFUSALS.includes(error.code);
