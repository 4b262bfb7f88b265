import { KitError } from '../../errors.ts';
import type { AddReceipt, JobState, NewJob, OnFailure } from '../job.ts';
import { row, rows, type Script } from '../script.ts';
import { finish, isFinal, needFailed } from './finish.ts';

/** One level of priority is worth so much waiting. */
export const PRIORITY_WORTH_MS = 60_000;

/**
 * Adds jobs, all or none. What one needs stands before it, or is in the store already.
 *
 * @throws {KitError} `job-missing` for a need that nobody knows
 */
export function* add(jobs: readonly NewJob[]): Script<readonly AddReceipt[]> {
  const receipts: AddReceipt[] = [];
  /** Ids of this call that turned out to be jobs there were. */
  const actual = new Map<string, string>();
  for (const job of jobs) {
    const id = yield* claimKey(job);
    actual.set(job.id, id);
    receipts.push({ id, duplicate: id !== job.id });
    if (id !== job.id) continue;
    const needs = job.needs.map((need) => ({ ...need, job: actual.get(need.job) ?? need.job }));
    yield* insert({ ...job, needs });
  }
  return receipts;
}

/** @returns the id of the job that has the key: this one, or one that was there before */
function* claimKey(job: NewJob): Script<string> {
  const claimed = yield* row<{ readonly job: string }>(
    `INSERT INTO job_keys (queue, idempotency_key, job, expires_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (queue, idempotency_key) DO UPDATE SET job = excluded.job, expires_at = excluded.expires_at
       WHERE job_keys.expires_at <= $5
     RETURNING job`,
    [job.queue, job.idempotencyKey, job.id, job.keyExpiresAt, job.createdAt],
  );
  if (claimed !== undefined) return claimed.job;
  const known = yield* row<{ readonly job: string }>(
    'SELECT job FROM job_keys WHERE queue = $1 AND idempotency_key = $2',
    [job.queue, job.idempotencyKey],
  );
  // It was there a statement ago, and keys only go when they expire.
  return (known as { readonly job: string }).job;
}

function* insert(job: NewJob): Script<void> {
  const needs = yield* readNeeds(job);
  const isBehind = job.orderKey !== undefined && (yield* hasUnfinished(job.queue, job.orderKey));
  const blockers = needs.filter(({ state }) => !isFinal(state)).length + (isBehind ? 1 : 0);
  yield* rows(
    `INSERT INTO jobs (id, queue, task, version, idempotency_key, state, payload, headers, created_at, run_at, rank,
       deadline_at, priority, share_group, order_key, limit_key, max_attempts, max_crashes, blockers)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
    [
      job.id,
      job.queue,
      job.task,
      job.version,
      job.idempotencyKey,
      blockers > 0 ? 'waiting' : 'ready',
      job.payload,
      JSON.stringify(job.headers),
      job.createdAt,
      job.runAt,
      job.runAt - job.priority * PRIORITY_WORTH_MS,
      job.deadlineAt ?? null,
      job.priority,
      job.group ?? '',
      job.orderKey ?? null,
      job.limitKey ?? null,
      job.maxAttempts,
      job.maxCrashes,
      blockers,
    ],
  );
  for (const { job: needed, onFailure } of job.needs) {
    yield* rows('INSERT INTO job_needs (job, needs, on_failure) VALUES ($1, $2, $3)', [job.id, needed, onFailure]);
  }
  const broken = needs.find(({ state, onFailure }) => isFinal(state) && state !== 'succeeded' && onFailure === 'fail');
  if (broken !== undefined) yield* finish(job.id, needFailed(broken.job), job.createdAt);
}

interface Need {
  readonly job: string;
  readonly state: JobState;
  readonly onFailure: OnFailure;
}

function* readNeeds(job: NewJob): Script<readonly Need[]> {
  const needs: Need[] = [];
  for (const { job: needed, onFailure } of job.needs) {
    const found = yield* row<{ readonly state: JobState }>('SELECT state FROM jobs WHERE id = $1', [needed]);
    if (found === undefined) {
      throw new KitError('job-missing', `job ${job.id} needs ${needed}, which is not there`, {
        repair: 'add what a job needs before it, in the same call',
      });
    }
    needs.push({ job: needed, state: found.state, onFailure });
  }
  return needs;
}

function* hasUnfinished(queue: string, orderKey: string): Script<boolean> {
  const found = yield* row(
    `SELECT 1 AS found FROM jobs
     WHERE queue = $1 AND order_key = $2 AND state NOT IN ('succeeded', 'failed', 'cancelled') LIMIT 1`,
    [queue, orderKey],
  );
  return found !== undefined;
}
