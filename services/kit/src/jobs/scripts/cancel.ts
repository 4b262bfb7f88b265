import type { JobState } from '../job.ts';
import { row, rows, type Script } from '../script.ts';
import { finishLocked, isFinal } from './finish.ts';
import { LOCKED, type LockedJob } from './record.ts';

/**
 * - `cancelled`: it will not run, or it was cancelled before
 * - `cancelling`: its worker was told; the state says when it has let go
 * - `over`: it ended before
 */
export type CancelAnswer = 'cancelled' | 'cancelling' | 'over' | 'missing';

/** Cancels by id, from any process. What is published already does not begin any more. */
export function* cancel(id: string, reason: string, now: number): Script<CancelAnswer> {
  const job = yield* row<LockedJob>(
    `UPDATE jobs SET cancel_requested_at = COALESCE(cancel_requested_at, $2)
     WHERE id = $1 AND state NOT IN ('succeeded', 'failed', 'cancelled') RETURNING ${LOCKED}`,
    [id, now],
  );
  if (job !== undefined) {
    if (job.state === 'running') return 'cancelling';
    yield* finishLocked(job, { state: 'cancelled', reason }, now);
    return 'cancelled';
  }
  const [found] = yield* rows<{ readonly state: JobState }>('SELECT state FROM jobs WHERE id = $1', [id]);
  if (found === undefined) return 'missing';
  return isFinal(found.state) && found.state !== 'cancelled' ? 'over' : 'cancelled';
}
