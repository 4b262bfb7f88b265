import type { NewJob } from '../job.ts';
import { row, type Script, tell } from '../script.ts';
import { LOCKED, type LockedJob } from './record.ts';

/** Until the transaction ends nobody else changes the job. @returns nothing when there is no such job, or it is over */
export function* lockUnfinished(id: string): Script<LockedJob | undefined> {
  return yield* row<LockedJob>(
    `UPDATE jobs SET blockers = blockers WHERE id = $1 AND state NOT IN ('succeeded', 'failed', 'cancelled')
     RETURNING ${LOCKED}`,
    [id],
  );
}

/** A fixed number of rows, whatever the number of keys: two keys that share one only wait for each other. */
const ORDER_SLOTS = 1_024;

/**
 * Makes adding to an order key one transaction after the other, so that numbers within a key are in the order of their
 * commits. Taken before every other lock and in one order, so that nobody waits in a circle.
 */
export function* lockOrders(jobs: readonly Pick<NewJob, 'queue' | 'orderKey'>[]): Script<void> {
  const slots = jobs.flatMap(({ queue, orderKey }) =>
    orderKey === undefined ? [] : [slotOf(`${queue}\0${orderKey}`)],
  );
  for (const slot of [...new Set(slots)].sort((a, b) => a - b))
    yield* tell(
      'INSERT INTO job_order_locks (slot) VALUES ($1) ON CONFLICT (slot) DO UPDATE SET slot = excluded.slot',
      [slot],
    );
}

/** FNV-1a: the same in every process. */
function slotOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash % ORDER_SLOTS;
}
