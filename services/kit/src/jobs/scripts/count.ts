import { KitError } from '../../errors.ts';
import { row, type Script, tell } from '../script.ts';

/** Rows that a queue is counted in. A transaction writes one of them. */
const SLOTS = 16;

export interface Counted {
  readonly added?: number;
  readonly addedBytes?: number;
  readonly ended?: number;
  readonly endedBytes?: number;
  readonly failed?: number;
}

/**
 * Counts within the transaction, so that the counts are exact.
 *
 * @param by a job of the transaction: two of them only wait for one another when chance puts them in one slot
 */
export function* count(
  queue: string,
  by: string,
  { added = 0, addedBytes = 0, ended = 0, endedBytes = 0, failed = 0 }: Counted,
): Script<void> {
  yield* tell(
    `INSERT INTO job_counts (queue, slot, added, added_bytes, ended, ended_bytes, failed)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (queue, slot) DO UPDATE SET added = job_counts.added + excluded.added,
       added_bytes = job_counts.added_bytes + excluded.added_bytes, ended = job_counts.ended + excluded.ended,
       ended_bytes = job_counts.ended_bytes + excluded.ended_bytes, failed = job_counts.failed + excluded.failed`,
    [queue, slotOf(by), added, addedBytes, ended, endedBytes, failed],
  );
}

function slotOf(id: string): number {
  let hash = 0;
  for (let at = 0; at < id.length; at += 1) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) >>> 0;
  return hash % SLOTS;
}

export interface Totals {
  readonly added: number;
  readonly addedBytes: number;
  readonly ended: number;
  readonly endedBytes: number;
  readonly failed: number;
}

/** Since the queue began. */
export function* totals(queue: string): Script<Totals> {
  const sums = yield* row<Totals>(
    `SELECT COALESCE(sum(added), 0) AS added, COALESCE(sum(added_bytes), 0) AS "addedBytes",
       COALESCE(sum(ended), 0) AS ended, COALESCE(sum(ended_bytes), 0) AS "endedBytes",
       COALESCE(sum(failed), 0) AS failed
     FROM job_counts WHERE queue = $1`,
    [queue],
  );
  // PostgreSQL adds whole numbers up to a numeric.
  return Object.fromEntries(Object.entries(sums ?? {}).map(([name, sum]) => [name, Number(sum)])) as unknown as Totals;
}

export interface QueueBound {
  /** Jobs that are not over. @default - any number */
  readonly jobs?: number;
  /** Of their payloads. @default - any number */
  readonly bytes?: number;
}

/** Sets how much a queue takes. */
export function* bound(queue: string, { jobs, bytes }: QueueBound): Script<void> {
  yield* tell(
    `INSERT INTO job_queues (queue, max_jobs, max_bytes) VALUES ($1, $2, $3)
     ON CONFLICT (queue) DO UPDATE SET max_jobs = excluded.max_jobs, max_bytes = excluded.max_bytes`,
    [queue, jobs ?? null, bytes ?? null],
  );
}

/** What a producer waits before it asks again. */
const RETRY_AFTER_MS = 1_000;

/**
 * Refuses when a queue has as much as it takes. Transactions side by side do not see one another: a queue may go beyond
 * its bound by what they add, one call each.
 *
 * @throws {KitError} `queue-full`
 */
export function* checkBound(queue: string): Script<void> {
  const bounds = yield* row<{ readonly max_jobs: number | null; readonly max_bytes: number | null }>(
    'SELECT max_jobs, max_bytes FROM job_queues WHERE queue = $1 AND (max_jobs IS NOT NULL OR max_bytes IS NOT NULL)',
    [queue],
  );
  if (bounds === undefined) return;
  const { added, ended, addedBytes, endedBytes } = yield* totals(queue);
  const isFull =
    added - ended >= (bounds.max_jobs ?? Number.POSITIVE_INFINITY) ||
    addedBytes - endedBytes >= (bounds.max_bytes ?? Number.POSITIVE_INFINITY);
  if (!isFull) return;
  throw new KitError('queue-full', `queue ${queue} holds ${added - ended} jobs, ${addedBytes - endedBytes} bytes`, {
    repair: 'add more workers, raise its bound, or add less',
    retryAfterMs: RETRY_AFTER_MS,
  });
}
