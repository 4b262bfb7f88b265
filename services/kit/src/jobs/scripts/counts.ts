import type { JobState } from '../job.ts';
import { row, type Script } from '../script.ts';
import { oldestReadyMs } from './measure.ts';

/** How far jobs of one state are counted: a look at a queue of millions costs no more than one at a queue of these. */
export const COUNTED_AT_MOST = 10_000;

/** Each state as an index knows it. */
const STATES: Readonly<Record<JobState, string>> = {
  waiting: `state = 'waiting'`,
  ready: `state = 'ready'`,
  released: `state = 'released' AND state IN ('released', 'running')`,
  running: `state = 'running' AND state IN ('released', 'running')`,
  succeeded: `state = 'succeeded' AND state IN ('succeeded', 'failed', 'cancelled')`,
  failed: `state = 'failed' AND state IN ('succeeded', 'failed', 'cancelled')`,
  cancelled: `state = 'cancelled' AND state IN ('succeeded', 'failed', 'cancelled')`,
};

export interface QueueCounts {
  readonly queue: string;
  /** Jobs by state; 10,000 means that or more. */
  readonly states: Readonly<Record<JobState, number>>;
  /** How long the ready job has been due that is due longest; 0 when none is. */
  readonly oldestReadyMs: number;
  /** Since when nothing more is released. */
  readonly pausedAt: number | undefined;
  /** It is paused and nothing is out any more. */
  readonly isDrained: boolean;
  /** Who releases its jobs. */
  readonly leader: string | undefined;
}

/** What a queue holds, for people and scalers. */
export function* counts(queue: string, now: number): Script<QueueCounts> {
  const states: Record<JobState, number> = {
    waiting: 0,
    ready: 0,
    released: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
  };
  for (const [state, where] of Object.entries(STATES)) {
    const counted = yield* row<{ readonly n: number }>(
      `SELECT count(*) AS n FROM (SELECT 1 AS found FROM jobs WHERE queue = $1 AND ${where} LIMIT ${COUNTED_AT_MOST})
         AS counted`,
      [queue],
    );
    states[state as JobState] = counted?.n ?? 0;
  }
  const line = yield* row<{
    readonly paused_at: number | null;
    readonly leader: string | null;
    readonly leader_until: number;
  }>('SELECT paused_at, leader, leader_until FROM job_queues WHERE queue = $1', [queue]);
  const pausedAt = line?.paused_at ?? undefined;
  return {
    queue,
    states,
    oldestReadyMs: yield* oldestReadyMs(queue, now),
    pausedAt,
    isDrained: pausedAt !== undefined && states.released + states.running === 0,
    leader: line !== undefined && line.leader_until > now ? (line.leader ?? undefined) : undefined,
  };
}
