import type { EventDatabase } from '../event-database.ts';
import { type Place, START } from '../event-store/stored-event.ts';
import { LedLoop } from '../led-loop.ts';
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
const LOOK_MS = 250;

/**
 * Keeps one version of a projection behind the events: what they come to and how far it is are one transaction. Of
 * several projectors of a version one works.
 */
export class Projector implements AsyncDisposable {
  readonly #options: ProjectorOptions;
  readonly #loop: LedLoop;
  #place = START;
  #isActive = false;
  #isCaughtUp = false;
  #projected = 0;
  #failure: unknown;

  /** @throws {KitError} `record-malformed` */
  constructor(options: ProjectorOptions) {
    checkProjection(options.projection);
    this.#options = options;
    const { database, owner, leadMs, projection } = options;
    this.#loop = new LedLoop({
      database,
      role: `projection/${projection.name}/${projection.version}`,
      owner,
      ...(leadMs === undefined ? {} : { leadMs }),
      lookMs: LOOK_MS,
      begin: () => this.#register(),
      turn: (lead, changed) => this.#turn(lead, changed),
      went: (failure) => {
        this.#failure = failure;
        if (failure !== undefined) options.onFailure?.(failure);
      },
    });
  }

  get state(): ProjectorState {
    return {
      leads: this.#loop.leads,
      projected: this.#projected,
      place: this.#place,
      isCaughtUp: this.#isCaughtUp,
      failure: this.#failure,
    };
  }

  start(): void {
    this.#loop.start();
  }

  /** Ends the batch under way and lets another process project at once. */
  close(): Promise<void> {
    return this.#loop.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #register(): Promise<void> {
    const { database, projection } = this.#options;
    const { name, version } = projection;
    const schema = projection.schema(tableOf(projection));
    const { place, isActive } = await database.run('registerProjection', name, version, schema, viewsOf(projection));
    this.#place = place;
    this.#isActive = isActive === 1;
  }

  async #turn(lead: Lead, changed: Promise<void>): Promise<void> {
    const { database, projection, batch = BATCH, activate = 'at once' } = this.#options;
    const { name, version } = projection;
    const events = await database.run('readAll', database.dialect, this.#place, batch);
    const last = events.at(-1);
    this.#isCaughtUp = last === undefined;
    if (last === undefined) {
      if (!this.#isActive && activate === 'at once')
        this.#isActive = await database.run('activateProjection', name, version, viewsOf(projection));
      return changed;
    }
    const table = tableOf(projection);
    const statements = events.flatMap((event) => projection.project(event, table));
    await database.run('projectOn', lead, name, version, this.#place, last.place, statements);
    this.#place = last.place;
    this.#projected += events.length;
  }
}
