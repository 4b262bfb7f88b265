import type { JobState, OnFailure } from '../job.ts';
import { row, rows, type Script, tell } from '../script.ts';
import { count } from './count.ts';
import { isFinal } from './finish.ts';
import { lockOrders, lockUnfinished } from './lock.ts';
import { LOCKED, type LockedJob } from './record.ts';

/** Jobs that one call makes ready again. */
export const REDRIVEN_AT_MOST = 500;

/**
 * - `redriven`: it is ready, or waits behind what it needs and those before it in its order
 * - `not-failed`: it has not failed, or is redriven already
 * - `needs-failed`: what it needs has failed and would fail it again; that is to be redriven first
 * - `order-passed`: a job that was added after it with the same order key is not over; once it is, this one may run
 */
export type RedriveAnswer = 'redriven' | 'not-failed' | 'needs-failed' | 'order-passed' | 'missing';

/**
 * Makes a failed job ready again. Attempts start anew, its deadline is gone, and whatever waits for it waits again;
 * history, steps that are done and its key stay.
 */
export function* redrive(id: string, now: number): Script<RedriveAnswer> {
  const found = yield* row<Pick<LockedJob, 'queue' | 'order_key' | 'state'>>(
    'SELECT queue, order_key, state FROM jobs WHERE id = $1',
    [id],
  );
  if (found === undefined) return 'missing';
  yield* lockOrders([{ queue: found.queue, orderKey: found.order_key ?? undefined }]);
  return yield* redriveOne(id, now);
}

export interface RedriveArguments {
  readonly queue: string;
  /** @default - of every task */
  readonly task?: string;
  /** @default - of every group */
  readonly group?: string;
  /** Only jobs behind this one, `next` of the call before. @default - from the beginning */
  readonly after?: number;
  /** 1 to 500. */
  readonly limit: number;
  readonly now: number;
}

export interface Redriven {
  readonly redriven: number;
  /** Those that stay as they are, by why. */
  readonly skipped: Readonly<Record<Exclude<RedriveAnswer, 'redriven' | 'missing'>, number>>;
  /** Where to go on; undefined when all were looked at. */
  readonly next: number | undefined;
}

/** Redrives the failed jobs of a queue from the oldest on, so that what is needed comes before what needs it. */
export function* redriveAll({ queue, task, group, after, limit, now }: RedriveArguments): Script<Redriven> {
  const failed = yield* rows<Pick<LockedJob, 'id' | 'seq' | 'order_key'>>(
    `SELECT id, seq, order_key FROM jobs WHERE queue = $1 AND state = 'failed' AND seq > $2
       AND ($3 = '' OR task = $3) AND ($4 = 0 OR share_group = $5) ORDER BY seq LIMIT $6`,
    [queue, after ?? 0, task ?? '', group === undefined ? 0 : 1, group ?? '', limit],
  );
  yield* lockOrders(failed.map(({ order_key }) => ({ queue, orderKey: order_key ?? undefined })));
  const answers = { redriven: 0, 'not-failed': 0, 'needs-failed': 0, 'order-passed': 0, missing: 0 };
  for (const { id } of failed) answers[yield* redriveOne(id, now)] += 1;
  const { redriven, missing, ...skipped } = answers;
  return {
    redriven,
    // One that was purged meanwhile is no longer failed.
    skipped: { ...skipped, 'not-failed': skipped['not-failed'] + missing },
    next: failed.length === limit ? failed.at(-1)?.seq : undefined,
  };
}

function* redriveOne(id: string, now: number): Script<RedriveAnswer> {
  const job = yield* row<LockedJob>(
    `UPDATE jobs SET blockers = blockers WHERE id = $1 AND state = 'failed' RETURNING ${LOCKED}`,
    [id],
  );
  if (job === undefined) return 'not-failed';
  let blockers = 0;
  for (const need of yield* lockedNeeds(id)) {
    if (!isFinal(need.state)) blockers += 1;
    else if (need.state !== 'succeeded' && need.on_failure === 'fail') return 'needs-failed';
  }
  if (job.order_key !== null) {
    const last = yield* row<{ readonly seq: number }>(
      `SELECT seq FROM jobs WHERE queue = $1 AND order_key = $2 AND state NOT IN ('succeeded', 'failed', 'cancelled')
       ORDER BY seq DESC LIMIT 1`,
      [job.queue, job.order_key],
    );
    if (last !== undefined && last.seq > job.seq) return 'order-passed';
    if (last !== undefined) blockers += 1;
  }
  const redriven = yield* row<{ readonly bytes: number }>(
    `UPDATE jobs SET state = $2, blockers = $3, run_at = $4, rank = $4 - (run_at - rank), deadline_at = NULL,
       attempt = 0, crashes = 0, settled_token = NULL, cancel_requested_at = NULL, started_at = NULL,
       finished_at = NULL, progress = NULL, place = 0
     WHERE id = $1 RETURNING length(payload) AS bytes`,
    [id, blockers > 0 ? 'waiting' : 'ready', blockers, now],
  );
  // Its end stays counted: it came a second time.
  yield* count(job.queue, id, { added: 1, addedBytes: redriven?.bytes ?? 0 });
  yield* blockDependents(id);
  return 'redriven';
}

/** What is needed, none of which ends before this transaction does. */
function* lockedNeeds(id: string): Script<readonly { readonly state: JobState; readonly on_failure: OnFailure }[]> {
  const needs = yield* rows<{ readonly needs: string; readonly on_failure: OnFailure }>(
    'SELECT needs, on_failure FROM job_needs WHERE job = $1 ORDER BY needs',
    [id],
  );
  const locked: { state: JobState; on_failure: OnFailure }[] = [];
  for (const { needs: needed, on_failure } of needs) {
    const unfinished = yield* lockUnfinished(needed);
    const found =
      unfinished ?? (yield* row<{ readonly state: JobState }>('SELECT state FROM jobs WHERE id = $1', [needed]));
    // A need is purged only long after it is over: whether it succeeded is no longer known, and nothing waits for it.
    if (found !== undefined) locked.push({ state: found.state, on_failure });
  }
  return locked;
}

/** Those that wait for others too have counted this one as over. */
function* blockDependents(id: string): Script<void> {
  const dependents = yield* rows<{ readonly job: string }>('SELECT job FROM job_needs WHERE needs = $1 ORDER BY job', [
    id,
  ]);
  for (const { job } of dependents)
    yield* tell(`UPDATE jobs SET blockers = blockers + 1 WHERE id = $1 AND state = 'waiting'`, [job]);
}
