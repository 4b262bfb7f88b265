import { FINAL_STATES } from '../job.ts';
import { row, rows, type Script, tell } from '../script.ts';

/** Rows of each kind that one call removes. */
const MOST_PURGED = 512;

export interface PurgeArguments {
  readonly queue: string;
  readonly now: number;
  /** How long a job is kept after its end. */
  readonly retentionMs: number;
}

export interface Purged {
  readonly jobs: number;
  readonly keys: number;
  readonly more: boolean;
}

/**
 * Removes what is over and out of its time. A job that an unfinished one needs stays: its result is still to be handed
 * on. A key outlives its job until its window is over.
 */
export function* purge({ queue, now, retentionMs }: PurgeArguments): Script<Purged> {
  let jobs = 0;
  for (const state of FINAL_STATES) {
    const old = yield* rows<{ readonly id: string }>(
      `SELECT id FROM jobs WHERE queue = $1 AND state = '${state}' AND state IN ('succeeded', 'failed', 'cancelled')
         AND finished_at <= $2 AND NOT EXISTS (
           SELECT 1 FROM job_needs JOIN jobs AS behind ON behind.id = job_needs.job
           WHERE job_needs.needs = jobs.id AND behind.state NOT IN ('succeeded', 'failed', 'cancelled'))
       ORDER BY finished_at LIMIT ${MOST_PURGED}`,
      [queue, now - retentionMs],
    );
    for (const { id } of old) {
      yield* tell('DELETE FROM job_steps WHERE job = $1', [id]);
      yield* tell('DELETE FROM job_needs WHERE job = $1', [id]);
      yield* tell('DELETE FROM jobs WHERE id = $1', [id]);
    }
    jobs += old.length;
    if (jobs >= MOST_PURGED) break;
  }
  const keys = yield* rows(
    `DELETE FROM job_keys WHERE (queue, idempotency_key) IN (
       SELECT queue, idempotency_key FROM job_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT ${MOST_PURGED})
       AND expires_at <= $1
     RETURNING job`,
    [now],
  );
  // A bucket that is full again, and a group that is not ahead of the clock, are as if they had never been.
  yield* tell(
    `DELETE FROM job_limits WHERE queue = $1 AND in_flight = 0 AND look_at IS NULL AND full_at <= $2
       AND (task, limit_key) IN (SELECT task, limit_key FROM job_limits WHERE queue = $1 AND in_flight = 0
         AND look_at IS NULL AND full_at <= $2 ORDER BY full_at LIMIT ${MOST_PURGED})`,
    [queue, now],
  );
  const clock = yield* row<{ readonly virtual_time: number }>('SELECT virtual_time FROM job_queues WHERE queue = $1', [
    queue,
  ]);
  yield* tell(
    `DELETE FROM job_shares WHERE queue = $1 AND active = 0 AND share_group IN (SELECT share_group FROM job_shares
       WHERE queue = $1 AND active = 0 AND virtual_time <= $2 ORDER BY virtual_time LIMIT ${MOST_PURGED})`,
    [queue, clock?.virtual_time ?? 0],
  );
  return { jobs, keys: keys.length, more: jobs >= MOST_PURGED || keys.length === MOST_PURGED };
}
