import { KitError } from '../../errors.ts';
import type { AddReceipt, JobState, NewJob, OnFailure } from '../job.ts';
import { row, type Script, tell } from '../script.ts';
import { checkBound, count } from './count.ts';
import { finish, isFinal, needFailed } from './finish.ts';
import { claimKeys, insertAll } from './insert.ts';
import { lockOrders, lockUnfinished } from './lock.ts';

/**
 * Adds jobs, all or none. What one needs stands before it, or is in the store already.
 *
 * @throws {KitError} `job-missing` for a need that nobody knows; `queue-full`
 */
export function* add(jobs: readonly NewJob[]): Script<readonly AddReceipt[]> {
  for (const queue of new Set(jobs.map((job) => job.queue))) yield* checkBound(queue);
  yield* lockOrders(jobs);
  return yield* addInOrder(jobs);
}

/** The same for a transaction that has locked their orders. */
export function* addInOrder(jobs: readonly NewJob[]): Script<readonly AddReceipt[]> {
  const counted = new Map<string, { added: number; addedBytes: number }>();
  const receipts: AddReceipt[] = [];
  /** Ids of this call that turned out to be jobs there were. */
  const actual = new Map<string, string>();
  /** Jobs that cannot end before this transaction does. */
  const locked = new Set<string>();
  for (const group of groupsOf(jobs)) {
    const added: NewJob[] = [];
    for (const { job, id, isNew } of yield* claimKeys(group)) {
      actual.set(job.id, id);
      // A call that is made again, since nobody knows what came of it, is told what it was told then.
      receipts.push({ id, duplicate: id !== job.id });
      if (!isNew) continue;
      added.push(job);
      locked.add(id);
      const { added: before, addedBytes } = counted.get(job.queue) ?? { added: 0, addedBytes: 0 };
      counted.set(job.queue, { added: before + 1, addedBytes: addedBytes + job.payload.length });
    }
    const [only] = added;
    if (only === undefined || isAlone(only)) yield* insertAll(added);
    else
      yield* insertBehind(
        { ...only, needs: only.needs.map((need) => ({ ...need, job: actual.get(need.job) ?? need.job })) },
        locked,
      );
  }
  for (const [queue, numbers] of counted) yield* count(queue, jobs[0]?.id ?? '', numbers);
  return receipts;
}

/** Nobody has to be locked before it is inserted. */
const isAlone = ({ needs, orderKey }: NewJob): boolean => needs.length === 0 && orderKey === undefined;

/** In their order: together those that stand alone, each of the others by itself. */
function groupsOf(jobs: readonly NewJob[]): readonly (readonly NewJob[])[] {
  const groups: NewJob[][] = [];
  let open: NewJob[] | undefined;
  for (const job of jobs) {
    if (open !== undefined && isAlone(job)) {
      open.push(job);
      continue;
    }
    const group = [job];
    groups.push(group);
    open = isAlone(job) ? group : undefined;
  }
  return groups;
}

/** Behind jobs that have to end before it. */
function* insertBehind(job: NewJob, locked: Set<string>): Script<void> {
  const needs = yield* lockNeeds(job, locked);
  const isBehind = job.orderKey !== undefined && (yield* lockLastOf(job.queue, job.orderKey, locked));
  const blockers = needs.filter(({ state }) => !isFinal(state)).length + (isBehind ? 1 : 0);
  yield* insertAll([job], blockers);
  for (const { job: needed, onFailure } of job.needs) {
    yield* tell('INSERT INTO job_needs (job, needs, on_failure) VALUES ($1, $2, $3)', [job.id, needed, onFailure]);
  }
  const broken = needs.find(({ state, onFailure }) => isFinal(state) && state !== 'succeeded' && onFailure === 'fail');
  if (broken !== undefined) yield* finish(job.id, needFailed(broken.job), job.createdAt);
}

interface Need {
  readonly job: string;
  readonly state: JobState;
  readonly onFailure: OnFailure;
}

/** What is needed and not over must not end before this job stands where it will be looked for. */
function* lockNeeds(job: NewJob, locked: Set<string>): Script<readonly Need[]> {
  const needs: Need[] = [];
  // In one order, so that two who need the same jobs do not wait for each other in a circle.
  for (const { job: needed, onFailure } of job.needs.toSorted((a, b) => (a.job < b.job ? -1 : 1))) {
    // One that is over is locked as well: it must not be redriven before this job is seen to need it.
    const found = yield* row<{ readonly state: JobState }>(
      locked.has(needed)
        ? 'SELECT state FROM jobs WHERE id = $1'
        : 'UPDATE jobs SET blockers = blockers WHERE id = $1 RETURNING state',
      [needed],
    );
    if (found === undefined) {
      throw new KitError('job-missing', `job ${job.id} needs ${needed}, which is not there`, {
        repair: 'add what a job needs before it, in the same call',
      });
    }
    if (!isFinal(found.state)) locked.add(needed);
    locked.add(needed);
    needs.push({ job: needed, state: found.state, onFailure });
  }
  return needs;
}

/** Whoever is last with the key must not end without seeing the one behind it. @returns whether there is one */
function* lockLastOf(queue: string, orderKey: string, locked: Set<string>): Script<boolean> {
  for (;;) {
    const last = yield* row<{ readonly id: string }>(
      `SELECT id FROM jobs WHERE queue = $1 AND order_key = $2 AND state NOT IN ('succeeded', 'failed', 'cancelled')
       ORDER BY seq DESC LIMIT 1`,
      [queue, orderKey],
    );
    if (last === undefined) return false;
    if (locked.has(last.id)) return true;
    // One that ends before the lock is there is not found again.
    if ((yield* lockUnfinished(last.id)) === undefined) continue;
    locked.add(last.id);
    return true;
  }
}
