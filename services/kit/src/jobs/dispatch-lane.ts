import type { Logger } from 'pino';
import type { Queue } from '../bus/port.ts';
import { KitError } from '../errors.ts';
import type { JobReference } from './job.ts';
import type { JobStore } from './job-store.ts';
import type { ReleasePolicy } from './release-policy.ts';
import { type Schedule, Timetable } from './schedule.ts';
import type { Leadership } from './scripts/lead.ts';
import type { QueueMeasure } from './scripts/measure.ts';
import type { ScheduleRow } from './scripts/schedule.ts';

/** One queue of jobs, and where its references go. */
export interface DispatchedQueue {
  readonly queue: string;
  readonly bus: Pick<Queue, 'publish'>;
  /** Jobs out at once: the worker profile's `maxAckPending`. */
  readonly window: number;
  readonly policy: ReleasePolicy;
  readonly schedules?: readonly Schedule[];
  /** What a schedule means that lies in the store and not among these; nothing where it rests. @default - all rest */
  readonly scheduleOf?: (row: ScheduleRow) => Schedule | undefined;
  readonly times?: Partial<DispatchTimes>;
}

export interface DispatchTimes {
  /** After which another dispatcher leads when this one vanishes. @default 15_000 */
  readonly leadMs: number;
  /**
   * A job released so long ago that nobody began is released again. What a leader left that vanished is, at once.
   * @default 300_000
   */
  readonly unbegunMs: number;
  /** What the bus has to deliver again after a lease is over. @default 60_000 */
  readonly graceMs: number;
  /** Between two looks at what is lost, and two measurements. @default 5_000 */
  readonly lookMs: number;
  /** How long a job is kept after its end. @default 7 days */
  readonly retentionMs: number;
}

const DEFAULT_TIMES: DispatchTimes = {
  leadMs: 15_000,
  unbegunMs: 300_000,
  graceMs: 60_000,
  lookMs: 5_000,
  retentionMs: 604_800_000,
};

/** Calls to the bus at once. */
const PUBLISHES = 32;
/** The longest a queue is left alone. */
const LONGEST_WAIT_MS = 5_000;
/** How soon the first schedule of a queue that had none is noticed. */
const FIRST_SCHEDULE_MS = 1_000;
/** Of its lead, after which a leader renews it: two renewals may fail before it is over. */
const RENEWALS = 3;

export interface DispatchNumbers {
  readonly leads: boolean;
  readonly released: number;
  /** Publishes nobody confirmed: released again by and by. */
  readonly unconfirmed: number;
  readonly reclaimed: number;
  readonly measure: QueueMeasure | undefined;
}

export interface DispatchOptions {
  readonly store: Pick<JobStore, 'run'>;
  /** Unique to this life of this process. */
  readonly owner: string;
  readonly now: () => number;
  readonly log: Logger;
}

/** What one dispatcher does for one queue, one turn after the other. */
export class DispatchLane {
  readonly queue: string;
  readonly #options: DispatchOptions;
  readonly #target: DispatchedQueue;
  readonly #times: DispatchTimes;
  readonly #timetables: ReadonlyMap<string, Timetable>;
  #leadership: Leadership | undefined;
  #renewAt = 0;
  /** What was released up to then by a leader that vanished: some of it may never have been published. */
  #inheritedUntil: number | undefined;
  #lookAt = 0;
  readonly #stored = new Map<string, { readonly definition: string; readonly timetable: Timetable | undefined }>();
  #areSchedulesKept = false;
  #noScheduleUntil = 0;
  #released = 0;
  #unconfirmed = 0;
  #reclaimed = 0;
  #measure: QueueMeasure | undefined;

  constructor(target: DispatchedQueue, options: DispatchOptions) {
    this.queue = target.queue;
    this.#target = target;
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...target.times };
    const timetables = (target.schedules ?? []).map((schedule) => new Timetable(schedule));
    this.#timetables = new Map(timetables.map((timetable) => [timetable.schedule.name, timetable]));
  }

  get numbers(): DispatchNumbers {
    return {
      leads: this.#leadership !== undefined,
      released: this.#released,
      unconfirmed: this.#unconfirmed,
      reclaimed: this.#reclaimed,
      measure: this.#measure,
    };
  }

  /**
   * Leads if it may, and does what is to be done now.
   *
   * @returns when to look again, unless something changes before; a moment that is over means at once
   */
  async turn(): Promise<number> {
    const now = this.#options.now();
    if (!(await this.#lead(now))) return now + this.#times.leadMs / RENEWALS;
    const scheduledAt = await this.#schedule(now);
    const isLookMore = await this.#look(now);
    const released = await this.#release(this.#options.now());
    const latest = Math.min(this.#renewAt, this.#lookAt, now + LONGEST_WAIT_MS);
    if (isLookMore || released === 'more') return now;
    return Math.min(latest, scheduledAt, released ?? latest);
  }

  /** Hands the queue over. */
  async resign(): Promise<void> {
    const leadership = this.#leadership;
    this.#leadership = undefined;
    if (leadership !== undefined) await this.#options.store.run('resign', leadership);
  }

  async #lead(now: number): Promise<boolean> {
    if (this.#leadership !== undefined && now < this.#renewAt) return true;
    const { store, owner, log } = this.#options;
    const before = this.#leadership === undefined ? await store.run('leaderOf', this.queue) : owner;
    const term = await store.run('lead', this.queue, owner, now, this.#times.leadMs);
    if (term !== undefined && this.#leadership?.term !== term) {
      log.info({ queue: this.queue, term, before }, 'leads the queue');
      if (before !== undefined && before !== owner) this.#inherit(now);
    }
    this.#leadership = term === undefined ? undefined : { queue: this.queue, owner, term };
    this.#renewAt = now + this.#times.leadMs / RENEWALS;
    return term !== undefined;
  }

  /** Of a leader that resigned everything is published; of one that vanished nobody knows, and a job more often out is no harm. */
  #inherit(now: number): void {
    this.#inheritedUntil = now;
    this.#lookAt = now;
  }

  async #schedule(now: number): Promise<number> {
    const { store, log } = this.#options;
    const isDeclared = this.#timetables.size > 0;
    if (!isDeclared && this.#target.scheduleOf === undefined) return Number.POSITIVE_INFINITY;
    // A queue without any is not asked in every turn.
    if (!isDeclared && now < this.#noScheduleUntil) return this.#noScheduleUntil;
    if (!this.#areSchedulesKept)
      for (const timetable of this.#timetables.values()) await store.run('putSchedule', timetable.row(this.queue, now));
    this.#areSchedulesKept = true;
    let nextAt = Number.POSITIVE_INFINITY;
    const rows = await store.run('listSchedules', this.queue);
    if (rows.length === 0) {
      this.#stored.clear();
      this.#noScheduleUntil = now + FIRST_SCHEDULE_MS;
      return isDeclared ? nextAt : this.#noScheduleUntil;
    }
    for (const row of rows) {
      const declared = this.#timetables.get(row.name);
      const isOther = declared !== undefined && declared.row(this.queue, now).definition !== row.definition;
      // Another version's, or one that was taken out of the code: it rests until somebody knows it or removes it.
      const timetable = isOther ? undefined : (declared ?? this.#storedOf(row));
      if (timetable === undefined) continue;
      const due = timetable.due(row.nextAt, now);
      nextAt = Math.min(nextAt, due.nextAt);
      if (row.nextAt > now) continue;
      try {
        await store.run('tick', row, timetable.jobs(due.times), due.nextAt);
      } catch (error) {
        // A full queue takes it later; its times are missed ones then.
        if (!KitError.is(error, 'queue-full')) throw error;
        log.warn({ err: error, schedule: row.name }, 'the queue is full: a scheduled job waits');
      }
    }
    return nextAt;
  }

  /** What a row of the store means by itself, read once for each definition. */
  #storedOf(row: ScheduleRow): Timetable | undefined {
    const { definition, name } = row;
    const known = this.#stored.get(name);
    if (known?.definition === definition) return known.timetable;
    const schedule = this.#target.scheduleOf?.(row);
    const timetable = schedule === undefined ? undefined : new Timetable(schedule);
    this.#stored.set(name, { definition, timetable });
    return timetable;
  }

  /** @returns whether there is more of it at once */
  async #look(now: number): Promise<boolean> {
    if (now < this.#lookAt) return false;
    const { store } = this.#options;
    const { graceMs, retentionMs, lookMs } = this.#times;
    if (this.#leadership === undefined) return false;
    const unbegunMs = this.#inheritedUntil === undefined ? this.#times.unbegunMs : now - this.#inheritedUntil;
    const reclaimed = await store.run('reclaim', { ...this.#leadership, now, unbegunMs, graceMs });
    if (reclaimed === undefined) {
      this.#leadership = undefined;
      return false;
    }
    if (!reclaimed.more) this.#inheritedUntil = undefined;
    this.#reclaimed += reclaimed.unbegun + reclaimed.crashed;
    const purged = await store.run('purge', { queue: this.queue, now, retentionMs });
    this.#measure = await store.run('measure', this.queue, now);
    const isMore = reclaimed.more || purged.more;
    if (!isMore) this.#lookAt = now + lookMs;
    return isMore;
  }

  /** @returns when time gives something to do next */
  async #release(now: number): Promise<number | 'more' | undefined> {
    if (this.#leadership === undefined) return undefined;
    const { store } = this.#options;
    const { window, policy } = this.#target;
    const released = await store.run('release', { ...this.#leadership, now, window, policy });
    if (released === undefined) {
      this.#leadership = undefined;
      return undefined;
    }
    this.#released += released.references.length;
    await this.#publish(released.references);
    return released.more ? 'more' : released.nextAt;
  }

  async #publish(references: readonly JobReference[]): Promise<void> {
    const waiting = references.values();
    // Each caller takes the next one from the same iterator.
    const callers = Array.from({ length: Math.min(PUBLISHES, references.length) }, async () => {
      for (const reference of waiting) await this.#publishOne(reference);
    });
    await Promise.all(callers);
  }

  async #publishOne({ job, release }: JobReference): Promise<void> {
    const { log, store } = this.#options;
    try {
      const payload = new TextEncoder().encode(JSON.stringify({ job, release }));
      await this.#target.bus.publish({ idempotencyKey: `${job}.${release}`, payload });
    } catch (error) {
      this.#unconfirmed += 1;
      const leadership = this.#leadership;
      log.warn({ err: error, queue: this.queue, job, release }, 'a reference was not published; it is released again');
      // What may have arrived is left to reclaim: who says for sure that it did not is believed at once.
      if (KitError.is(error) && isRefusal(error) && leadership !== undefined)
        await store.run('handBack', leadership, { job, release }, this.#options.now());
    }
  }
}

const isRefusal = ({ code }: KitError): boolean =>
  code === 'bus-refused' || code === 'storage-full' || code === 'bus-closed' || code === 'item-too-large';
