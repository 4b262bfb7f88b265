import type { NewJob } from '../job.ts';
import { row, rows, type Script, tell } from '../script.ts';
import { add } from './add.ts';

export interface ScheduleRow {
  readonly name: string;
  readonly queue: string;
  /** Whoever computes its times understands it. */
  readonly definition: string;
  readonly nextAt: number;
}

/** Keeps a schedule; one that changed starts anew at the time given, one that did not goes on where it was. */
export function* putSchedule({ name, queue, definition, nextAt }: ScheduleRow): Script<void> {
  yield* tell(
    `INSERT INTO job_schedules (name, queue, definition, next_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (name) DO UPDATE SET queue = excluded.queue, definition = excluded.definition,
       next_at = excluded.next_at
       WHERE job_schedules.definition <> excluded.definition OR job_schedules.queue <> excluded.queue`,
    [name, queue, definition, nextAt],
  );
}

export function* removeSchedule(name: string): Script<boolean> {
  return (yield* row('DELETE FROM job_schedules WHERE name = $1 RETURNING name', [name])) !== undefined;
}

export function* listSchedules(queue: string): Script<readonly ScheduleRow[]> {
  return yield* rows<ScheduleRow>(
    'SELECT name, queue, definition, next_at AS "nextAt" FROM job_schedules WHERE queue = $1 ORDER BY name',
    [queue],
  );
}

/** Names are of all queues together. */
export function* scheduleNamed(name: string): Script<ScheduleRow | undefined> {
  return yield* row<ScheduleRow>(
    'SELECT name, queue, definition, next_at AS "nextAt" FROM job_schedules WHERE name = $1',
    [name],
  );
}

/**
 * Adds the jobs of a schedule's times and moves it on, unless somebody else has, or it has changed. Whoever leads: the
 * time it stands at is the fence.
 */
export function* tick(schedule: ScheduleRow, jobs: readonly NewJob[], nextAt: number): Script<'added' | 'superseded'> {
  const moved = yield* row(
    'UPDATE job_schedules SET next_at = $4 WHERE name = $1 AND next_at = $2 AND definition = $3 RETURNING name',
    [schedule.name, schedule.nextAt, schedule.definition, nextAt],
  );
  if (moved === undefined) return 'superseded';
  yield* add(jobs);
  return 'added';
}
