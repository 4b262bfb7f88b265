import type { AttemptFailure, JobProgress, JobRecord, JobState } from '../job.ts';

/** A row of `jobs` as both dialects give it. */
export interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  readonly version: number;
  readonly idempotency_key: string;
  readonly state: JobState;
  readonly payload: Uint8Array;
  readonly headers: string;
  readonly created_at: number;
  readonly run_at: number;
  readonly rank: number;
  readonly deadline_at: number | null;
  readonly priority: number;
  readonly share_group: string;
  readonly order_key: string | null;
  readonly limit_key: string | null;
  readonly max_attempts: number;
  readonly max_crashes: number;
  readonly attempt: number;
  readonly crashes: number;
  readonly blockers: number;
  /** One of PLACE; means something while it is ready. */
  readonly place: number;
  readonly release_no: number;
  readonly token: number;
  /** Of the delivery that ended the last attempt. */
  readonly settled_token: number | null;
  readonly released_at: number | null;
  readonly lease_until: number | null;
  readonly worker: string | null;
  readonly cancel_requested_at: number | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly progress: string | null;
  readonly result: Uint8Array | null;
  readonly history: string | null;
}

/** What is decided by, without what may be large. */
export interface LockedJob extends Omit<JobRow, 'payload' | 'headers' | 'progress' | 'result'> {
  /** Of its payload. */
  readonly bytes: number;
}

/** The columns of a `LockedJob`. */
export const LOCKED = `seq, id, queue, task, version, idempotency_key, state, created_at, run_at, rank, deadline_at, priority,
  share_group, order_key, limit_key, max_attempts, max_crashes, attempt, crashes, blockers, place, release_no, token,
  settled_token, released_at, lease_until, worker, cancel_requested_at, started_at, finished_at, history,
  length(payload) AS bytes`;

export const recordOf = (row: JobRow): JobRecord => ({
  id: row.id,
  queue: row.queue,
  task: row.task,
  version: row.version,
  idempotencyKey: row.idempotency_key,
  state: row.state,
  payload: row.payload,
  headers: JSON.parse(row.headers) as Readonly<Record<string, string>>,
  createdAt: row.created_at,
  runAt: row.run_at,
  deadlineAt: row.deadline_at ?? undefined,
  priority: row.priority,
  group: row.share_group === '' ? undefined : row.share_group,
  orderKey: row.order_key ?? undefined,
  limitKey: row.limit_key ?? undefined,
  maxAttempts: row.max_attempts,
  maxCrashes: row.max_crashes,
  attempt: row.attempt,
  release: row.release_no,
  progress: row.progress === null ? undefined : (JSON.parse(row.progress) as JobProgress),
  result: row.result ?? undefined,
  history: row.history === null ? [] : (JSON.parse(row.history) as readonly AttemptFailure[]),
  cancelRequestedAt: row.cancel_requested_at ?? undefined,
  startedAt: row.started_at ?? undefined,
  finishedAt: row.finished_at ?? undefined,
});
