import { KitError } from '@penstock/kit';
import { type JobOptions, type MissedRuns, type Schedule, type ScheduleRow, Timetable } from '@penstock/kit/jobs';
import type { z } from 'zod';
import type { JobDesk } from './job-desk.ts';
import { RefusedRequest } from './problem.ts';
import { defined } from './registered-tasks.ts';
import { DeclaredSchedule, type NewSchedule, type ScheduleView, StoredSchedule } from './shapes.ts';

/** Read in each turn of a dispatcher. */
const MOST_SCHEDULES = 1_000;
/** When one comes that is paused. */
const NEVER = Number.MAX_SAFE_INTEGER;

type Stored = z.output<typeof StoredSchedule>;
type View = z.input<typeof ScheduleView>;

/** Schedules that lie in the store alone, beside those that the code of a dispatcher declares. */
export class ScheduleDesk {
  readonly #desk: JobDesk;

  constructor(desk: JobDesk) {
    this.#desk = desk;
  }

  /** @throws {KitError} `queue-missing` */
  async list(queue: string): Promise<readonly View[]> {
    const rows = await this.#desk.store.run('listSchedules', this.#desk.queue(queue).name);
    return rows.map(viewOf);
  }

  /**
   * Makes a schedule, or changes it; one that is put as it is goes on where it was, a paused one resumes.
   *
   * @throws {KitError} `queue-missing`, `task-unknown`; `schedule-refused` where the name is another one's;
   *   `request-refused` with every fault of the payload, or for times that never come
   */
  async put(queue: string, name: string, body: z.output<typeof NewSchedule>): Promise<{ isNew: boolean; view: View }> {
    this.#desk.queue(queue);
    const { cron, timeZone = 'UTC', missed = 'run-once', job } = body;
    this.#desk.registered(job.task, job.payload, 'body.job.payload');
    const timetable = timetableOf(name, cron, timeZone, missed);
    const { store, now } = this.#desk;
    const before = await store.run('scheduleNamed', name);
    if (before?.queue !== undefined && before.queue !== queue)
      throw refused(`${name} is a schedule of queue ${before.queue}`, 'take another name');
    if (before !== undefined) ownOf(before);
    else if ((await store.run('listSchedules', queue)).length >= MOST_SCHEDULES)
      throw refused(`queue ${queue} has ${MOST_SCHEDULES} schedules`, 'remove one first');
    const definition = JSON.stringify({ cron, timeZone, missed, job } satisfies Stored);
    await store.run('putSchedule', { name, queue, definition, nextAt: timetable.after(now()) });
    return { isNew: before === undefined, view: await this.#view(queue, name) };
  }

  /** Its times come and go without a job. @throws {KitError} `queue-missing`, `schedule-missing`, `schedule-refused` */
  async pause(queue: string, name: string): Promise<View> {
    const { row, stored } = await this.#own(queue, name);
    const definition = JSON.stringify({ ...stored, isPaused: true });
    await this.#desk.store.run('putSchedule', { ...row, definition, nextAt: NEVER });
    return this.#view(queue, name);
  }

  /** What came meanwhile was not missed: it goes on with its next time. @throws {KitError} as `pause` */
  async resume(queue: string, name: string): Promise<View> {
    const { row, stored } = await this.#own(queue, name);
    const { isPaused: _, ...running } = stored;
    const { cron, timeZone, missed } = running;
    const nextAt = timetableOf(name, cron, timeZone, missed).after(this.#desk.now());
    await this.#desk.store.run('putSchedule', { ...row, definition: JSON.stringify(running), nextAt });
    return this.#view(queue, name);
  }

  /** Jobs that it has added stay. @throws {KitError} as `pause` */
  async remove(queue: string, name: string): Promise<void> {
    await this.#own(queue, name);
    await this.#desk.store.run('removeSchedule', name);
  }

  /** What a dispatcher makes of a row; nothing of one that is paused, or whose task or payload is not known here. */
  scheduleOf(row: ScheduleRow): Schedule | undefined {
    const stored = storedOf(row);
    if (stored === undefined || stored.isPaused === true) return undefined;
    const { cron, timeZone, missed, job } = stored;
    const { task, payload, ...options } = job;
    try {
      const registered = this.#desk.registered(task, payload, 'payload');
      const queue = this.#desk.queue(row.queue);
      return {
        name: row.name,
        cron,
        timeZone,
        missed,
        // The key of a time is set by the timetable.
        job: (runAt) => {
          const set = { ...defined(options), idempotencyKey: row.name, runAt } as JobOptions;
          return queue.draft(registered.task, payload, set);
        },
      };
    } catch (error) {
      if (KitError.is(error)) return undefined;
      throw error;
    }
  }

  async #view(queue: string, name: string): Promise<View> {
    return viewOf(await this.#row(queue, name));
  }

  async #row(queue: string, name: string): Promise<ScheduleRow> {
    this.#desk.queue(queue);
    const row = await this.#desk.store.run('scheduleNamed', name);
    if (row?.queue === queue) return row;
    throw new KitError('schedule-missing', `queue ${queue} has no schedule ${JSON.stringify(name)}`, {
      repair: `GET /v1/queues/${encodeURIComponent(queue)}/schedules lists them`,
    });
  }

  async #own(queue: string, name: string): Promise<{ readonly row: ScheduleRow; readonly stored: Stored }> {
    const row = await this.#row(queue, name);
    return { row, stored: ownOf(row) };
  }
}

const storedOf = ({ definition }: ScheduleRow): Stored | undefined =>
  StoredSchedule.safeParse(JSON.parse(definition)).data;

/** @throws {KitError} `schedule-refused` for one that code declares: it would be as before when that code starts again */
function ownOf(row: ScheduleRow): Stored {
  const stored = storedOf(row);
  if (stored !== undefined) return stored;
  throw refused(`schedule ${row.name} is declared by the code of a dispatcher`, 'change it there');
}

const refused = (what: string, repair: string): KitError => new KitError('schedule-refused', what, { repair });

/** @throws {RefusedRequest} */
function timetableOf(name: string, cron: string, timeZone: string, missed: MissedRuns): Timetable {
  const fault = (path: string, received: string, expected: string): RefusedRequest =>
    new RefusedRequest([{ path, received: JSON.stringify(received), expected }], 422);
  try {
    Intl.DateTimeFormat(undefined, { timeZone });
  } catch {
    throw fault('body.timeZone', timeZone, 'an IANA name, e.g. Europe/Berlin');
  }
  try {
    const timetable = new Timetable({ name, cron, timeZone, missed, job: () => undefined as never });
    if (timetable.after(Date.now()) !== NEVER) return timetable;
  } catch (error) {
    if (!KitError.is(error, 'job-malformed')) throw error;
  }
  throw fault('body.cron', cron, 'five fields, or six that begin with seconds, that come at some time');
}

function viewOf(row: ScheduleRow): View {
  const stored = storedOf(row);
  const known = stored ?? DeclaredSchedule.safeParse(JSON.parse(row.definition)).data;
  return {
    name: row.name,
    ...known,
    ...(row.nextAt === NEVER ? {} : { nextAt: row.nextAt }),
    isPaused: stored?.isPaused === true,
    isDeclared: stored === undefined,
  };
}
