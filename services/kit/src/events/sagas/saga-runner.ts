import { setTimeout as sleep } from 'node:timers/promises';
import { KitError } from '../../errors.ts';
import type { EventDatabase } from '../event-database.ts';
import { EventConsumer } from '../inbox/event-consumer.ts';
import type { Log } from '../log/port.ts';
import type { Lead } from '../scripts/lead.ts';
import { routedTopicOf, takeIn } from './intake.ts';
import type { Saga } from './saga.ts';
import { turnOf } from './saga-turn.ts';

export interface SagaRunnerOptions<State> {
  readonly saga: Saga<State>;
  /** Where sagas, inbox and outbox lie. */
  readonly database: EventDatabase;
  readonly log: Log;
  /** Unique to one life of one process. */
  readonly owner: string;
  /** The topic of a kind of aggregate. @default - as Debezium's outbox event router names it */
  readonly topicOf?: (aggregateType: string) => string;
  /** Messages and timeouts acted on at once at most. @default 200 */
  readonly batch?: number;
  /** For how long sagas that are over are kept, in milliseconds. @default 30 days */
  readonly retentionMs?: number;
  /** Silence after which another one leads, in milliseconds. @default 5000 */
  readonly leadMs?: number;
  /** Silence after which others get the partitions, in milliseconds. @default 10000 */
  readonly sessionMs?: number;
  /** Milliseconds since the epoch. @default - the clock of the machine */
  readonly now?: () => number;
  /** Told of what does not go; it is tried again. @default - nobody */
  readonly onFailure?: (error: unknown) => void;
}

export interface SagaRunnerState {
  readonly leads: boolean;
  /** Times that a saga moved here. */
  readonly moves: number;
  readonly failure: unknown;
}

const BATCH = 200;
const RETENTION_MS = 30 * 24 * 3_600_000;
const PURGE_INTERVAL_MS = 60_000;
const PURGE_BATCH = 200;
const LEAD_MS = 5_000;
const SIGNS_PER_LEAD = 4;
const LOOK_MS = 250;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Orchestrates the sagas of one definition. It takes in what starts them and what answers them in the transaction of the
 * inbox; then it acts: where a saga is, what it asks next, and that the message is done are one transaction. So it goes
 * on from wherever it was stopped. Times lie in the database with the saga. Of several runners of a saga one acts; all
 * of them take in.
 */
export class SagaRunner<State> implements AsyncDisposable {
  readonly #options: SagaRunnerOptions<State>;
  readonly #role: string;
  readonly #consumer: EventConsumer;
  readonly #stopping = new AbortController();
  #lead: Lead | undefined;
  #ledAt = 0;
  #purgedAt = Number.NEGATIVE_INFINITY;
  #moves = 0;
  #failure: unknown;
  #running: Promise<void> | undefined;

  constructor(options: SagaRunnerOptions<State>) {
    this.#options = options;
    const { saga, database, log, topicOf = routedTopicOf, sessionMs, onFailure } = options;
    this.#role = `saga/${saga.name}`;
    this.#consumer = new EventConsumer({
      database,
      log,
      group: this.#role,
      topics: [...new Set([topicOf(saga.starts.from), topicOf(saga.replies)])],
      handle: (record) => takeIn(saga, record, topicOf),
      ...(sessionMs === undefined ? {} : { sessionMs }),
      ...(onFailure === undefined ? {} : { onFailure: (error: unknown) => onFailure(error) }),
    });
  }

  get state(): SagaRunnerState {
    return {
      leads: this.#lead !== undefined,
      moves: this.#moves,
      failure: this.#failure ?? this.#consumer.state.failure,
    };
  }

  start(): void {
    this.#consumer.start();
    this.#running ??= this.#run();
  }

  /** Ends the turn under way and lets another process act at once. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#running, this.#consumer.close()]);
    const lead = this.#lead;
    this.#lead = undefined;
    // Not told: another one leads when the time is over.
    if (lead !== undefined) await this.#options.database.run('resign', lead).catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        if (await this.#leads()) await this.#turn();
        else await this.#rest(this.#leadMs / SIGNS_PER_LEAD);
        failures = 0;
        this.#failure = undefined;
      } catch (error) {
        if (KitError.is(error, 'lead-lost')) this.#lead = undefined;
        // By a person, or by this very turn, whose answer was lost: the next look shows where it is.
        if (KitError.is(error, 'lead-lost') || KitError.is(error, 'saga-moved')) continue;
        failures += 1;
        this.#failure = error;
        this.#options.onFailure?.(error);
        await this.#rest(Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** failures));
      }
    }
  }

  get #leadMs(): number {
    return this.#options.leadMs ?? LEAD_MS;
  }

  get #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  async #leads(): Promise<boolean> {
    if (this.#lead !== undefined && performance.now() - this.#ledAt < this.#leadMs / SIGNS_PER_LEAD) return true;
    const { database, owner } = this.#options;
    const at = performance.now();
    const term = await database.run('lead', this.#role, owner, Date.now(), this.#leadMs);
    this.#lead = term === undefined ? undefined : { role: this.#role, owner, term };
    this.#ledAt = at;
    return term !== undefined;
  }

  async #turn(): Promise<void> {
    const { database, saga, batch = BATCH } = this.#options;
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    const now = this.#now;
    // Before the look: what comes after it is told of.
    const changed = database.changed(LOOK_MS, waiting.signal);
    try {
      const work = await database.run('sagaWork', saga.name, now, batch);
      const turn = turnOf(saga, work, now);
      if (turn.entries.length + turn.refused.length + turn.done.length === 0) {
        await this.#purge(now);
        const dueInMs = (work.nextDueAt ?? Number.POSITIVE_INFINITY) - now;
        if (dueInMs < LOOK_MS) await Promise.race([changed, this.#rest(Math.max(1, dueInMs))]);
        else await changed;
        return;
      }
      await database.run('moveSagas', this.#lead as Lead, saga.name, turn, now);
      this.#moves += turn.moved.length;
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      waiting.abort();
    }
  }

  async #purge(now: number): Promise<void> {
    if (performance.now() - this.#purgedAt < PURGE_INTERVAL_MS) return;
    const { database, saga, retentionMs = RETENTION_MS } = this.#options;
    const gone = await database.run('purgeSagas', saga.name, now - retentionMs, PURGE_BATCH);
    // As many as were asked for: there may be more.
    if (gone < PURGE_BATCH) this.#purgedAt = performance.now();
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}
