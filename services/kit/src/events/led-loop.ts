import { setTimeout as sleep } from 'node:timers/promises';
import { KitError } from '../errors.ts';
import type { EventDatabase } from './event-database.ts';
import type { Lead } from './scripts/lead.ts';

export interface LedLoopOptions {
  readonly database: EventDatabase;
  /** What only one may do at a time. */
  readonly role: string;
  /** Unique to one life of one process. */
  readonly owner: string;
  /** Silence after which another one leads, in milliseconds. @default 5000 */
  readonly leadMs?: number;
  /** How often it looks though nobody told it, in milliseconds. */
  readonly lookMs: number;
  /** Called when this process has begun to lead. @default - nothing to do */
  readonly begin?: (lead: Lead) => Promise<void>;
  /** Does what there is; awaits `changed` when there is nothing: it began before the turn, so nothing is missed. */
  readonly turn: (lead: Lead, changed: Promise<void>) => Promise<void>;
  /** Called when another process leads. @default - nothing to do */
  readonly lost?: () => Promise<void>;
  /** What is left to do at the end, while it still leads. @default - nothing */
  readonly end?: (lead: Lead) => Promise<unknown>;
  /** A turn went, or failed: it is tried again. */
  readonly went: (failure: unknown) => void;
}

const LEAD_MS = 5_000;
const SIGNS_PER_LEAD = 4;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Turns of one leader, chosen in the database among all processes that have the role. */
export class LedLoop implements AsyncDisposable {
  readonly #options: LedLoopOptions;
  readonly #stopping = new AbortController();
  #lead: Lead | undefined;
  #ledAt = 0;
  #running: Promise<void> | undefined;

  constructor(options: LedLoopOptions) {
    this.#options = options;
  }

  get leads(): boolean {
    return this.#lead !== undefined;
  }

  /** Aborts when it is to end. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the turn under way and lets another process lead at once. */
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

  get #leadMs(): number {
    return this.#options.leadMs ?? LEAD_MS;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        if (await this.#takeLead()) await this.#turn();
        else await this.#rest(this.#leadMs / SIGNS_PER_LEAD);
        failures = 0;
        this.#options.went(undefined);
      } catch (error) {
        if (KitError.is(error, 'lead-lost')) {
          this.#lead = undefined;
          await this.#options.lost?.();
          continue;
        }
        failures += 1;
        this.#options.went(error);
        await this.#rest(Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** failures));
      }
    }
    if (this.#lead !== undefined) await this.#options.end?.(this.#lead).catch(() => {});
  }

  async #takeLead(): Promise<boolean> {
    if (this.#lead !== undefined && performance.now() - this.#ledAt < this.#leadMs / SIGNS_PER_LEAD) return true;
    const { database, owner, role, begin } = this.#options;
    const at = performance.now();
    const term = await database.run('lead', role, owner, Date.now(), this.#leadMs);
    const lead = term === undefined ? undefined : { role, owner, term };
    const isNew = lead !== undefined && this.#lead?.term !== lead.term;
    if (isNew) await begin?.(lead);
    if (lead === undefined && this.#lead !== undefined) await this.#options.lost?.();
    this.#lead = lead;
    this.#ledAt = at;
    return lead !== undefined;
  }

  async #turn(): Promise<void> {
    const { database, lookMs, turn } = this.#options;
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    // Before the look: what comes after it is told of.
    const changed = database.changed(lookMs, waiting.signal);
    try {
      await turn(this.#lead as Lead, changed);
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      waiting.abort();
    }
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}
