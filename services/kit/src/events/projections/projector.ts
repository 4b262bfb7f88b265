import { setTimeout as sleep } from 'node:timers/promises';
import { KitError } from '../../errors.ts';
import type { EventDatabase } from '../event-database.ts';
import { type Place, START } from '../event-store/stored-event.ts';
import type { Lead } from '../scripts/lead.ts';
import { checkProjection, type Projection, tableOf, viewsOf } from './projection.ts';

export interface ProjectorOptions {
  readonly database: EventDatabase;
  readonly projection: Projection;
  /** Unique to one life of one process. */
  readonly owner: string;
  /** Events at once at most. @default 500 */
  readonly batch?: number;
  /** Silence after which another process projects, in milliseconds. @default 5000 */
  readonly leadMs?: number;
  /** When readers see a version that has caught up with the one they see. @default 'at once' */
  readonly activate?: 'at once' | 'by hand';
  /** Told of what does not go; it is tried again. @default - nobody */
  readonly onFailure?: (error: unknown) => void;
}

export interface ProjectorState {
  readonly leads: boolean;
  readonly projected: number;
  readonly place: Place;
  /** Nothing was left to project when it looked last. */
  readonly isCaughtUp: boolean;
  readonly failure: unknown;
}

const BATCH = 500;
const LEAD_MS = 5_000;
const SIGNS_PER_LEAD = 4;
const LOOK_MS = 250;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Keeps one version of a projection behind the events: what they come to and how far it is are one transaction. Of
 * several projectors of a version one works.
 */
export class Projector implements AsyncDisposable {
  readonly #options: ProjectorOptions;
  readonly #role: string;
  readonly #stopping = new AbortController();
  #lead: Lead | undefined;
  #ledAt = 0;
  #place = START;
  #isActive = false;
  #isCaughtUp = false;
  #projected = 0;
  #failure: unknown;
  #running: Promise<void> | undefined;

  /** @throws {KitError} `record-malformed` */
  constructor(options: ProjectorOptions) {
    checkProjection(options.projection);
    this.#options = options;
    this.#role = `projection/${options.projection.name}/${options.projection.version}`;
  }

  get state(): ProjectorState {
    return {
      leads: this.#lead !== undefined,
      projected: this.#projected,
      place: this.#place,
      isCaughtUp: this.#isCaughtUp,
      failure: this.#failure,
    };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the batch under way and lets another process project at once. */
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
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        if (await this.#leads()) await this.#turn();
        else await this.#rest(this.#leadMs / SIGNS_PER_LEAD);
        failures = 0;
        this.#failure = undefined;
      } catch (error) {
        if (KitError.is(error, 'lead-lost')) {
          this.#lead = undefined;
          continue;
        }
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

  async #leads(): Promise<boolean> {
    if (this.#lead !== undefined && performance.now() - this.#ledAt < this.#leadMs / SIGNS_PER_LEAD) return true;
    const { database, owner, projection } = this.#options;
    const at = performance.now();
    const term = await database.run('lead', this.#role, owner, Date.now(), this.#leadMs);
    const isNew = term !== undefined && this.#lead?.term !== term;
    this.#lead = term === undefined ? undefined : { role: this.#role, owner, term };
    this.#ledAt = at;
    if (!isNew) return term !== undefined;
    const table = tableOf(projection);
    const { name, version } = projection;
    const views = viewsOf(projection);
    const { place, isActive } = await database.run(
      'registerProjection',
      name,
      version,
      projection.schema(table),
      views,
    );
    this.#place = place;
    this.#isActive = isActive === 1;
    return true;
  }

  async #turn(): Promise<void> {
    const { database, projection, batch = BATCH, activate = 'at once' } = this.#options;
    const { name, version } = projection;
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    // Before the look: what comes after it is told of.
    const changed = database.changed(LOOK_MS, waiting.signal);
    try {
      const events = await database.run('readAll', database.dialect, this.#place, batch);
      const last = events.at(-1);
      this.#isCaughtUp = last === undefined;
      if (last === undefined) {
        if (!this.#isActive && activate === 'at once')
          this.#isActive = await database.run('activateProjection', name, version, viewsOf(projection));
        await changed;
        return;
      }
      const table = tableOf(projection);
      const statements = events.flatMap((event) => projection.project(event, table));
      await database.run('projectOn', this.#lead as Lead, name, version, this.#place, last.place, statements);
      this.#place = last.place;
      this.#projected += events.length;
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      waiting.abort();
    }
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}
