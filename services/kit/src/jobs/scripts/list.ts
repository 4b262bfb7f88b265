import type { AttemptFailure, JobProgress, JobState } from '../job.ts';
import { rows, type Script } from '../script.ts';
import type { JobRow } from './record.ts';

export const LONGEST_PAGE = 500;
/** Jobs that one call looks at: what a filter leaves out costs as much as what it finds. */
export const LOOKED_AT = 10_000;

export interface ListArguments {
  readonly queue: string;
  readonly state?: JobState;
  readonly task?: string;
  readonly group?: string;
  readonly order: 'newest' | 'oldest';
  /** `next` of the page before. @default - from the beginning */
  readonly after?: number;
  /** 1 to 500. */
  readonly limit: number;
}

/** A job as a list shows it: without its payload and its result, and of its failures the last. */
export interface JobSummary {
  readonly seq: number;
  readonly id: string;
  readonly task: string;
  readonly state: JobState;
  readonly createdAt: number;
  readonly runAt: number;
  readonly priority: number;
  readonly group: string | undefined;
  readonly orderKey: string | undefined;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly worker: string | undefined;
  readonly progress: JobProgress | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly lastFailure: AttemptFailure | undefined;
}

export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** Where to go on; a page may be short, or empty, and yet not the last. */
  readonly next: number | undefined;
}

/** Jobs of a queue by the order in which they were added. One that comes or ends meanwhile moves no other one. */
export function* list({ queue, state, task, group, order, after, limit }: ListArguments): Script<JobPage> {
  const isNewest = order === 'newest';
  const direction = isNewest ? 'DESC' : 'ASC';
  const from = after ?? (isNewest ? Number.MAX_SAFE_INTEGER : 0);
  // Failures are few among many and are what is looked for: they have an index of their own.
  const among = state === 'failed' ? "AND state = 'failed'" : '';
  const beyond = `queue = $1 ${among} AND seq ${isNewest ? '<' : '>'} $2 ORDER BY seq ${direction}`;
  const found = yield* rows<SummaryRow>(
    `SELECT ${SUMMARY} FROM (SELECT ${SUMMARY} FROM jobs WHERE ${beyond} LIMIT ${LOOKED_AT}) AS looked_at
     WHERE ($3 = '' OR state = $3) AND ($4 = '' OR task = $4) AND ($5 = 0 OR share_group = $6)
     ORDER BY seq ${direction} LIMIT $7`,
    [queue, from, state ?? '', task ?? '', group === undefined ? 0 : 1, group ?? '', limit],
  );
  const last = found.at(-1);
  if (found.length === limit && last !== undefined) return { jobs: found.map(summaryOf), next: last.seq };
  const [end] = yield* rows<{ readonly seq: number }>(
    `SELECT seq FROM jobs WHERE ${beyond} LIMIT 1 OFFSET ${LOOKED_AT - 1}`,
    [queue, from],
  );
  return { jobs: found.map(summaryOf), next: end?.seq };
}

const SUMMARY = `seq, id, task, state, created_at, run_at, priority, share_group, order_key, attempt, max_attempts, worker,
  progress, started_at, finished_at, history`;

type SummaryRow = Pick<
  JobRow,
  | 'seq'
  | 'id'
  | 'task'
  | 'state'
  | 'created_at'
  | 'run_at'
  | 'priority'
  | 'share_group'
  | 'order_key'
  | 'attempt'
  | 'max_attempts'
  | 'worker'
  | 'progress'
  | 'started_at'
  | 'finished_at'
  | 'history'
>;

const summaryOf = (row: SummaryRow): JobSummary => ({
  seq: row.seq,
  id: row.id,
  task: row.task,
  state: row.state,
  createdAt: row.created_at,
  runAt: row.run_at,
  priority: row.priority,
  group: row.share_group === '' ? undefined : row.share_group,
  orderKey: row.order_key ?? undefined,
  attempt: row.attempt,
  maxAttempts: row.max_attempts,
  worker: row.worker ?? undefined,
  progress: row.progress === null ? undefined : (JSON.parse(row.progress) as JobProgress),
  startedAt: row.started_at ?? undefined,
  finishedAt: row.finished_at ?? undefined,
  lastFailure: row.history === null ? undefined : (JSON.parse(row.history) as readonly AttemptFailure[]).at(-1),
});
