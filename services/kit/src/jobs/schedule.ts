import { Cron } from 'croner';
import { KitError } from '../errors.ts';
import type { NewJob } from './job.ts';
import type { ScheduleRow } from './scripts/schedule.ts';

/**
 * What becomes of times that went by while nobody looked: none of them, one job for all of them, or one for each, the
 * latest hundred at most.
 */
export type MissedRuns = 'skip' | 'run-once' | 'run-all';

/**
 * A job at each time of a cron expression. Where a clock is put forward, a fixed time that does not exist is run at the
 * moment of the change; where it is put back, a time that comes twice is run the first time. Steps such as every half
 * hour go on evenly through both.
 */
export interface Schedule {
  readonly name: string;
  /** Five fields, or six that begin with seconds. */
  readonly cron: string;
  /** An IANA name. @default 'UTC' */
  readonly timeZone?: string;
  /** @default 'run-once' */
  readonly missed?: MissedRuns;
  /** The job of one time; its key and when it runs are set by the schedule. */
  readonly job: (at: number) => NewJob;
}

const MOST_MISSED = 100;
/** A time that is noticed so soon is not a missed one. */
const ON_TIME_MS = 60_000;

/** A schedule whose expression was checked. */
export class Timetable {
  readonly schedule: Schedule;
  readonly #cron: Cron;

  /** @throws {KitError} `job-malformed` */
  constructor(schedule: Schedule) {
    this.schedule = schedule;
    try {
      this.#cron = new Cron(schedule.cron, { timezone: schedule.timeZone ?? 'UTC', paused: true });
      this.#cron.nextRun();
    } catch (cause) {
      throw new KitError('job-malformed', `schedule ${schedule.name} has no times: ${String(cause)}`, {
        repair: 'write it as five fields and an IANA time zone, e.g. 30 2 * * * in Europe/Berlin',
        cause,
      });
    }
  }

  /** The first time after a moment; far beyond all times when there is none. */
  after(moment: number): number {
    return this.#cron.nextRun(new Date(moment))?.getTime() ?? Number.MAX_SAFE_INTEGER;
  }

  /** As a store keeps it: what changes, when it changes, is what it is. */
  row(queue: string, now: number): ScheduleRow {
    const { name, cron, timeZone = 'UTC', missed = 'run-once' } = this.schedule;
    return { name, queue, definition: JSON.stringify({ cron, timeZone, missed }), nextAt: this.after(now) };
  }

  /** The times to be run now, of a schedule that stands at `nextAt`, and where it stands then. */
  due(nextAt: number, now: number): { readonly times: readonly number[]; readonly nextAt: number } {
    if (nextAt > now) return { times: [], nextAt };
    const { missed = 'run-once' } = this.schedule;
    if (missed === 'run-once') {
      const [last] = this.#latest(nextAt, now, 1);
      return { times: [last ?? nextAt], nextAt: this.after(now) };
    }
    const times = this.#latest(nextAt, now, MOST_MISSED);
    const wanted = missed === 'run-all' ? times : times.filter((at) => now - at < ON_TIME_MS).slice(-1);
    return { times: wanted, nextAt: this.after(now) };
  }

  /** Years of missed minutes must not be gone through one by one: it looks back from now. */
  #latest(nextAt: number, now: number, count: number): readonly number[] {
    return this.#cron
      .previousRuns(count, new Date(now + 1_000))
      .map((at) => at.getTime())
      .filter((at) => at >= nextAt && at <= now)
      .toSorted((a, b) => a - b);
  }

  jobs(times: readonly number[]): readonly NewJob[] {
    const { name, job } = this.schedule;
    return times.map((at) => ({ ...job(at), idempotencyKey: `${name}@${new Date(at).toISOString()}` }));
  }
}
