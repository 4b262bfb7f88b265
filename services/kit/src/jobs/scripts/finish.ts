import { type AttemptFailure, FINAL_STATES, type JobState, type OnFailure } from '../job.ts';
import { row, rows, type Script, tell } from '../script.ts';
import { count } from './count.ts';
import { lockUnfinished } from './lock.ts';
import { PLACE } from './place.ts';
import type { LockedJob } from './record.ts';

export const isFinal = (state: JobState): boolean => (FINAL_STATES as readonly JobState[]).includes(state);

/** How a job ends. */
export type Ending =
  | { readonly state: 'succeeded'; readonly result: Uint8Array | undefined }
  | { readonly state: 'cancelled'; readonly reason: string }
  | { readonly state: 'failed'; readonly code: string; readonly reason: string };

export const needFailed = (needed: string): Ending => ({
  state: 'failed',
  code: 'need-failed',
  reason: `job ${needed}, which it needs, did not succeed`,
});

/** Failures kept of one job: the first and the last ones tell the most. */
export const HISTORY_LIMIT = 50;

/** Ends a job that is not over yet, gives back what it held, and lets those behind it go on or fail with it. */
export function* finish(id: string, ending: Ending, now: number): Script<void> {
  const job = yield* lockUnfinished(id);
  if (job !== undefined) yield* finishLocked(job, ending, now);
}

/** The same for a job that this transaction has locked, as it is now. */
export function* finishLocked(job: LockedJob, ending: Ending, now: number): Script<void> {
  yield* writeEnd(job, ending, now);
  yield* leave(job, ending.state, now);
}

/**
 * What the end of a job means to others, once it is written: its counts, its limit, and those behind it.
 *
 * @param job as it was before
 */
export function* leave(job: LockedJob, state: Ending['state'], now: number): Script<void> {
  const endings = yield* tellOthers(job, state);
  // A chain of thousands must not be a stack of thousands.
  for (let next = endings.shift(); next !== undefined; next = endings.shift()) {
    const [id, how] = next;
    const dependent = yield* lockUnfinished(id);
    if (dependent === undefined) continue;
    yield* writeEnd(dependent, how, now);
    endings.push(...(yield* tellOthers(dependent, how.state)));
  }
}

function* writeEnd(job: LockedJob, ending: Ending, now: number): Script<void> {
  const history =
    ending.state === 'succeeded'
      ? job.history
      : withFailure(job.history, {
          attempt: job.attempt,
          at: now,
          reason: ending.reason,
          code: ending.state === 'failed' ? ending.code : 'cancelled',
        });
  yield* tell(
    `UPDATE jobs SET state = $2, finished_at = $3, result = $4, history = $5, lease_until = NULL, worker = NULL
     WHERE id = $1`,
    [job.id, ending.state, now, ending.state === 'succeeded' ? (ending.result ?? null) : null, history],
  );
}

function* tellOthers(job: LockedJob, state: Ending['state']): Script<[string, Ending][]> {
  yield* count(job.queue, job.id, { ended: 1, endedBytes: job.bytes, failed: state === 'failed' ? 1 : 0 });
  if (job.state === 'released' || job.state === 'running') yield* giveBackSlot(job);
  else if (job.state === 'ready') yield* leaveLine(job);
  if (job.order_key !== null) yield* unblockNextInOrder(job.queue, job.order_key, job.seq);
  return yield* tellDependents(job.id, state);
}

/** A job that is out no longer counts against the limit of its key. */
export function* giveBackSlot({ queue, task, limit_key }: LockedJob): Script<void> {
  if (limit_key === null) return;
  yield* tell(
    `UPDATE job_limits SET in_flight = CASE WHEN in_flight > 0 THEN in_flight - 1 ELSE 0 END, look_at = 0
     WHERE queue = $1 AND task = $2 AND limit_key = $3`,
    [queue, task, limit_key],
  );
}

/** Its place in line is for the next one behind the limit. */
function* leaveLine({ queue, task, limit_key, place }: LockedJob): Script<void> {
  if (limit_key === null || place !== PLACE.inLine) return;
  yield* tell('UPDATE job_limits SET look_at = 0 WHERE queue = $1 AND task = $2 AND limit_key = $3', [
    queue,
    task,
    limit_key,
  ]);
}

/** Only the end of the foremost one changes who is foremost. */
function* unblockNextInOrder(queue: string, orderKey: string, ended: number): Script<void> {
  for (let missed: string | undefined; ; ) {
    const foremost = yield* row<{ readonly id: string; readonly seq: number }>(
      `SELECT id, seq FROM jobs WHERE queue = $1 AND order_key = $2 AND state NOT IN ('succeeded', 'failed', 'cancelled')
       ORDER BY seq LIMIT 1`,
      [queue, orderKey],
    );
    if (foremost === undefined || foremost.seq < ended || foremost.id === missed) return;
    if (yield* unblock(foremost.id)) return;
    // It ended meanwhile, while this one still looked unfinished to it: so it has told nobody.
    missed = foremost.id;
  }
}

function* tellDependents(id: string, state: Ending['state']): Script<[string, Ending][]> {
  const dependents = yield* rows<{ readonly job: string; readonly on_failure: OnFailure }>(
    'SELECT job, on_failure FROM job_needs WHERE needs = $1 ORDER BY job',
    [id],
  );
  const failing: [string, Ending][] = [];
  for (const { job, on_failure } of dependents) {
    if (state !== 'succeeded' && on_failure === 'fail') failing.push([job, needFailed(id)]);
    else yield* unblock(job);
  }
  return failing;
}

function* unblock(id: string): Script<boolean> {
  const unblocked = yield* row(
    `UPDATE jobs SET blockers = blockers - 1, place = 0, state = CASE WHEN blockers = 1 THEN 'ready' ELSE state END
     WHERE id = $1 AND state = 'waiting' RETURNING id`,
    [id],
  );
  return unblocked !== undefined;
}

export function withFailure(history: string | null, failure: AttemptFailure): string {
  const before = history === null ? [] : (JSON.parse(history) as AttemptFailure[]);
  const kept = before.length < HISTORY_LIMIT ? before : [...before.slice(0, 1), ...before.slice(2)];
  return JSON.stringify([...kept, failure]);
}
