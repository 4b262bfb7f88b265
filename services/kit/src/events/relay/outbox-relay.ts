import { KitError } from '../../errors.ts';
import type { EventDatabase } from '../event-database.ts';
import { LedLoop } from '../led-loop.ts';
import type { Log, OutgoingRecord } from '../log/port.ts';
import type { OutboxEvent, WaitingEvent } from '../outbox/outbox-event.ts';
import type { Lead } from '../scripts/lead.ts';
import type { RelayedEvents } from '../scripts/outbox.ts';
import { OutboxFollower } from './outbox-follower.ts';
import type { OutboxSource, SlotMeasure } from './outbox-source.ts';
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
  /** The log of the database, which tells sooner what lies in the outbox. @default - it looks into the outbox */
  readonly follow?: OutboxSource;
  /** Bytes of its log that a database keeps for a relay at most; beyond it the relay looks into the outbox. @default 1 GiB */
  readonly longestSlot?: number;
  /** Told of what does not go; it is tried again. @default - nobody */
  readonly onFailure?: (error: unknown) => void;
}

export interface RelayState {
  readonly leads: boolean;
  /** Events that this process brought into the log. */
  readonly published: number;
  /** By what it knows of events: by the outbox, or sooner by the log of the database. */
  readonly reads: 'outbox' | 'database log';
  /** What the database keeps for it; undefined where it follows nothing. */
  readonly slot: SlotMeasure | undefined;
  /** Why nothing goes at the moment, or not the way it should. */
  readonly failure: KitError | undefined;
}

const ROLE = 'relay';
const BATCH = 1_000;
/** An append that was not told of is found by then: its writer saw the relay at work. */
const LOOK_MS = 100;
/** What the log will refuse again, whoever asks. */
const REFUSALS: readonly string[] = ['item-too-large', 'record-malformed', 'topic-missing'];

const LONGEST_SLOT = 2 ** 30;

const NOTHING: RelayedEvents = { published: [], refused: [] };

/**
 * Brings what lies in the outbox into the log, the events of an aggregate in their order, each at least once. Of several
 * relays on one database one works. One that was stopped and wakes up behind its successor repeats what lies in the log
 * already; the first of each event are in order, whatever it does.
 */
export class OutboxRelay implements AsyncDisposable {
  readonly #options: OutboxRelayOptions;
  readonly #loop: LedLoop;
  readonly #follower: OutboxFollower | undefined;
  #done = NOTHING;
  #published = 0;
  #failure: KitError | undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
    const { database, owner, leadMs, follow, longestSlot = LONGEST_SLOT } = options;
    this.#follower = follow === undefined ? undefined : new OutboxFollower(follow, longestSlot);
    this.#loop = new LedLoop({
      database,
      role: ROLE,
      owner,
      ...(leadMs === undefined ? {} : { leadMs }),
      lookMs: LOOK_MS,
      turn: (lead, changed) => this.#turn(lead, changed),
      // What was published is taken out, or else published again.
      end: async (lead) => this.#done.published.length > 0 && database.run('relayOn', lead, this.#done, 0),
      // Whoever leads now may follow.
      lost: async () => this.#follower?.close(),
      went: (failure) => this.#went(failure),
    });
  }

  get state(): RelayState {
    return {
      leads: this.#loop.leads,
      published: this.#published,
      reads: this.#follower?.isFollowing === true ? 'database log' : 'outbox',
      slot: this.#follower?.slot,
      failure: this.#failure ?? this.#follower?.failure,
    };
  }

  start(): void {
    this.#loop.start();
  }

  /** Ends the batch under way and lets another one lead at once. */
  async close(): Promise<void> {
    await this.#loop.close();
    await this.#follower?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #turn(lead: Lead, changed: Promise<void>): Promise<void> {
    const { database, batch = BATCH } = this.#options;
    const followed = await this.#follower?.next(batch, LOOK_MS, this.#loop.signal);
    if (followed !== undefined) {
      if (followed.length === 0) return;
      try {
        this.#done = await this.#produce(followed);
        await database.run('relayOn', lead, this.#done, 0);
      } catch (error) {
        // What the stream has handed out it does not hand out again: the table says what is not published.
        await this.#follower?.close();
        throw error;
      }
      // What was refused holds up its own: from here on the table says what may go.
      if (this.#done.published.length < followed.length) await this.#follower?.leave();
      else this.#follower?.confirm();
      this.#done = NOTHING;
      return;
    }
    const events = await database.run('relayOn', lead, this.#done, batch);
    this.#follower?.saw(this.#done.published);
    this.#done = NOTHING;
    if (events.length > 0) this.#done = await this.#produce(events);
    else if (!(await this.#isFollowing())) await changed;
  }

  /** The outbox is empty: whether the log of the database says from here on what comes. */
  async #isFollowing(): Promise<boolean> {
    if (this.#follower === undefined || !this.#follower.isOpen) return false;
    const { refused } = await this.#options.database.run('measureOutbox');
    if (refused > 0) await this.#follower.leave();
    else this.#follower.drained();
    return this.#follower.isFollowing;
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
          this.#options.onFailure?.(error);
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

  #went(failure: unknown): void {
    if (failure === undefined || KitError.is(failure)) this.#failure = failure;
    else this.#failure = new KitError('bus-refused', `relay: ${String(failure)}`, { cause: failure });
    if (failure !== undefined) this.#options.onFailure?.(failure);
  }
}

const isRefusal = (error: unknown): error is KitError => KitError.is(error) && REFUSALS.includes(error.code);
