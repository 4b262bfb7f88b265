import type { AttemptFence, JobProgress, JobRecord, JobState, NewJob } from '../job.ts';
import { type Query, row, rows, type Script, tell } from '../script.ts';
import { addInOrder } from './add.ts';
import { type Ending, finishLocked, giveBackSlot, leave, withFailure } from './finish.ts';
import { lockOrders, lockUnfinished } from './lock.ts';
import { type JobRow, LOCKED, type LockedJob, recordOf } from './record.ts';

export interface BeginArguments extends AttemptFence {
  readonly worker: string;
  readonly leaseUntil: number;
  readonly now: number;
}

export type Begun =
  | {
      readonly kind: 'run';
      readonly job: JobRecord;
      /** What steps of earlier attempts came to, by name. */
      readonly steps: ReadonlyMap<string, Uint8Array>;
      /** How the jobs that it needs ended, by id. */
      readonly needs: ReadonlyMap<string, Pick<JobRecord, 'task' | 'state' | 'result'>>;
    }
  /** Nothing may run: the delivery is acked and forgotten. */
  | { readonly kind: 'drop'; readonly why: DropReason };

export type DropReason = 'missing' | 'over' | 'superseded' | 'cancelled' | 'late' | 'poisonous' | 'used-up';

/**
 * Begins an attempt, or says why this delivery must not run. Of two deliveries the later one holds: whatever the earlier
 * one settles from here on is refused.
 */
export function* begin(args: BeginArguments): Script<Begun> {
  const begun = (yield* take(args)) ?? (yield* refuse(args));
  if (typeof begun === 'string') return { kind: 'drop', why: begun };
  const isNew = begun.has_needs === 0 && begun.release_no === 1 && begun.crashes === 0;
  // Nobody began it before, so no step of it is kept.
  const known = isNew ? { steps: new Map(), needs: new Map() } : yield* knownTo(args.job);
  return { kind: 'run', job: recordOf(begun), ...known };
}

interface BegunRow extends JobRow {
  /** Written with the job and never changed: it is known without a lock. */
  readonly has_needs: number;
}

const BEGUN = '*, CASE WHEN EXISTS (SELECT 1 FROM job_needs WHERE job = jobs.id) THEN 1 ELSE 0 END AS has_needs';

function* take({ job, release, token, worker, leaseUntil, now }: BeginArguments): Script<BegunRow | undefined> {
  // A job that still runs had a worker that vanished: it did not settle, and the bus delivered again.
  return yield* row<BegunRow>(
    `UPDATE jobs SET state = 'running', token = $3, attempt = attempt + 1, worker = $4, lease_until = $5,
       crashes = CASE WHEN state = 'running' THEN crashes + 1 ELSE crashes END, started_at = COALESCE(started_at, $6)
     WHERE id = $1 AND release_no = $2 AND (state = 'released' OR (state = 'running' AND token < $3))
       AND cancel_requested_at IS NULL AND (deadline_at IS NULL OR deadline_at > $6) AND attempt < max_attempts
       AND (state = 'released' OR crashes < max_crashes)
     RETURNING ${BEGUN}`,
    [job, release, token, worker, leaseUntil, now],
  );
}

/** Why it may not begin; the row after all when it was begun by this very call before, or may begin now. */
function* refuse(args: BeginArguments): Script<DropReason | BegunRow> {
  const { job, release, token, worker, now } = args;
  const found = yield* lockUnfinished(job);
  if (found === undefined) return (yield* row('SELECT 1 AS found FROM jobs WHERE id = $1', [job])) ? 'over' : 'missing';
  if (found.state !== 'released' && found.state !== 'running') return 'over';
  if (found.release_no !== release) return 'superseded';
  if (found.state === 'running' && found.token >= token) {
    if (found.token > token || found.worker !== worker) return 'superseded';
    return (yield* row<BegunRow>(`SELECT ${BEGUN} FROM jobs WHERE id = $1`, [job])) as BegunRow;
  }
  const verdict = verdictOn(found, now);
  if (verdict === undefined) return (yield* take(args)) as BegunRow;
  yield* finishLocked(found, verdict[1], now);
  return verdict[0];
}

/** Why a job that is out may not begin again. */
export function verdictOn(job: LockedJob, now: number): readonly [DropReason, Ending] | undefined {
  if (job.cancel_requested_at !== null) return ['cancelled', { state: 'cancelled', reason: 'cancelled on request' }];
  if (job.deadline_at !== null && job.deadline_at <= now)
    return ['late', { state: 'failed', code: 'deadline-exceeded', reason: 'its deadline was over before it began' }];
  if (job.attempt >= job.max_attempts) {
    const reason = `all ${job.max_attempts} attempts were begun and the last one's worker vanished`;
    return ['used-up', { state: 'failed', code: 'attempts-used-up', reason }];
  }
  if (job.state === 'released' || job.crashes < job.max_crashes) return undefined;
  const reason = `${job.crashes + 1} attempts in a row ended with a vanished worker`;
  return ['poisonous', { state: 'failed', code: 'job-poisonous', reason }];
}

/** What its earlier attempts and the jobs it needs came to: in one question, and after the job is locked. */
function* knownTo(job: string): Script<Pick<Extract<Begun, { readonly kind: 'run' }>, 'steps' | 'needs'>> {
  const found = yield* rows<{
    readonly name: string;
    readonly task: string | null;
    readonly state: JobState | null;
    readonly result: Uint8Array | null;
  }>(
    `SELECT step AS name, NULL AS task, NULL AS state, result FROM job_steps WHERE job = $1
     UNION ALL SELECT jobs.id, jobs.task, jobs.state, jobs.result
       FROM job_needs JOIN jobs ON jobs.id = job_needs.needs WHERE job_needs.job = $1`,
    [job],
  );
  const steps = new Map<string, Uint8Array>();
  const needs = new Map<string, Pick<JobRecord, 'task' | 'state' | 'result'>>();
  for (const { name, task, state, result } of found)
    if (task !== null && state !== null) needs.set(name, { task, state, result: result ?? undefined });
    else if (result !== null) steps.set(name, result);
  return { steps, needs };
}

/** What the holder of a fence is told: `lost` when a later delivery has begun, or the job is over. */
export type Standing = 'held' | 'cancelling' | 'lost';

export interface Beat extends AttemptFence {
  /** @default - it keeps the lease it has */
  readonly leaseUntil?: number;
  readonly progress?: JobProgress;
}

/** Hears of cancels, and extends attempts where it says so. One call for all that a worker runs. */
export function* heartbeat(beats: readonly Beat[]): Script<readonly Standing[]> {
  const standings: Standing[] = [];
  for (const beat of beats) {
    const held = yield* beatOnce(beat);
    standings.push(held === undefined ? 'lost' : held.cancel_requested_at === null ? 'held' : 'cancelling');
  }
  return standings;
}

function* beatOnce({ job, release, token, leaseUntil, progress }: Beat): Script<HeldRow | undefined> {
  const fence = [job, release, token];
  // Most beats only listen, and write nothing.
  if (leaseUntil === undefined && progress === undefined) {
    return yield* row<HeldRow>(
      `SELECT cancel_requested_at FROM jobs WHERE id = $1 AND release_no = $2 AND token = $3 AND state = 'running'`,
      fence,
    );
  }
  return yield* row<HeldRow>(
    `UPDATE jobs SET lease_until = COALESCE($4, lease_until), progress = COALESCE($5, progress)
     WHERE id = $1 AND release_no = $2 AND token = $3 AND state = 'running' RETURNING cancel_requested_at`,
    [...fence, leaseUntil ?? null, progress === undefined ? null : JSON.stringify(progress)],
  );
}

interface HeldRow {
  readonly cancel_requested_at: number | null;
}

/** Whether the fence holds; locks the job until the transaction ends. Every effect begins with it. */
export function* holds({ job, release, token }: AttemptFence): Script<LockedJob | undefined> {
  return yield* row<LockedJob>(
    `UPDATE jobs SET token = $3 WHERE id = $1 AND release_no = $2 AND token = $3 AND state = 'running'
     RETURNING ${LOCKED}`,
    [job, release, token],
  );
}

export type Settlement =
  | Ending
  /** Another attempt later. `counted` is false for one that was cut off or snoozed: it does not use up attempts. */
  | {
      readonly state: 'ready';
      readonly runAt: number;
      readonly counted: boolean;
      readonly failure: { readonly code: string; readonly reason: string } | undefined;
    };

/** What happens in the same transaction as a settlement or a step: all of it or nothing. */
export interface AttemptEffect {
  /** Writes of the caller's own, to tables in the same database. */
  readonly statements?: readonly Query[];
  /** Jobs that follow from this one. */
  readonly jobs?: readonly NewJob[];
}

/**
 * Ends an attempt, with its effect. A cancel that was asked for meanwhile wins over everything but success. Said again,
 * when nobody knows what came of it, it writes nothing.
 *
 * @returns `lost` when the fence does not hold: nothing was written
 */
export function* settle(
  fence: AttemptFence,
  settlement: Settlement,
  now: number,
  effect: AttemptEffect = {},
): Script<'settled' | 'lost'> {
  yield* lockOrders(effect.jobs ?? []);
  if (settlement.state === 'succeeded') {
    // Nothing that the row says could make another end of it: it is locked and written in one.
    const succeeded = yield* row<LockedJob>(
      `UPDATE jobs SET settled_token = $3, state = 'succeeded', finished_at = $4, result = $5, lease_until = NULL,
         worker = NULL
       WHERE id = $1 AND release_no = $2 AND token = $3 AND state = 'running' RETURNING ${LOCKED}`,
      [fence.job, fence.release, fence.token, now, settlement.result ?? null],
    );
    if (succeeded === undefined) return (yield* wasSettled(fence)) ? 'settled' : 'lost';
    yield* leave({ ...succeeded, state: 'running' }, 'succeeded', now);
    yield* apply(effect);
    return 'settled';
  }
  const job = yield* row<LockedJob>(
    `UPDATE jobs SET settled_token = $3 WHERE id = $1 AND release_no = $2 AND token = $3 AND state = 'running'
     RETURNING ${LOCKED}`,
    [fence.job, fence.release, fence.token],
  );
  if (job === undefined) return (yield* wasSettled(fence)) ? 'settled' : 'lost';
  if (settlement.state !== 'ready') yield* finishLocked(job, settlement, now);
  else if (job.cancel_requested_at !== null)
    yield* finishLocked(job, { state: 'cancelled', reason: 'cancelled on request' }, now);
  else yield* makeReady(job, settlement, now);
  yield* apply(effect);
  return 'settled';
}

/** By the holder of this very fence. */
export function* wasSettled({ job, release, token }: AttemptFence): Script<boolean> {
  const found = yield* row('SELECT 1 AS found FROM jobs WHERE id = $1 AND release_no = $2 AND settled_token = $3', [
    job,
    release,
    token,
  ]);
  return found !== undefined;
}

/**
 * Keeps what a step came to, with its effect; a step that has come to the same before has had its effect.
 *
 * @returns `lost` when the fence does not hold: nothing was written
 */
export function* keepStep(
  fence: AttemptFence,
  step: string,
  result: Uint8Array,
  effect: AttemptEffect = {},
): Script<'settled' | 'lost'> {
  yield* lockOrders(effect.jobs ?? []);
  if ((yield* holds(fence)) === undefined) return 'lost';
  const kept = yield* row(
    `INSERT INTO job_steps (job, step, result) VALUES ($1, $2, $3)
     ON CONFLICT (job, step) DO UPDATE SET result = excluded.result WHERE job_steps.result <> excluded.result
     RETURNING step`,
    [fence.job, step, result],
  );
  if (kept !== undefined) yield* apply(effect);
  return 'settled';
}

function* apply({ statements = [], jobs = [] }: AttemptEffect): Script<void> {
  for (const { sql, params } of statements) yield* tell(sql, params);
  if (jobs.length > 0) yield* addInOrder(jobs);
}

function* makeReady(
  job: LockedJob,
  { runAt, counted, failure }: Extract<Settlement, { state: 'ready' }>,
  now: number,
): Script<void> {
  const history =
    failure === undefined ? job.history : withFailure(job.history, { attempt: job.attempt, at: now, ...failure });
  yield* tell(
    `UPDATE jobs SET state = 'ready', run_at = $2, rank = $2 - (run_at - rank), attempt = attempt - $3, history = $4,
       lease_until = NULL, worker = NULL, crashes = 0, place = 0
     WHERE id = $1`,
    [job.id, runAt, counted ? 0 : 1, history],
  );
  yield* giveBackSlot(job);
}
