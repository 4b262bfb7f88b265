import { row, type Script, tell } from '../script.ts';

/** A dispatcher's right to release the jobs of a queue. Of two, the one with the greater term holds. */
export interface Leadership {
  readonly queue: string;
  /** Unique to one life of one dispatcher. */
  readonly owner: string;
  readonly term: number;
}

/**
 * Takes or keeps the lead of a queue for a time.
 *
 * @returns the term, or nothing while another one leads
 */
export function* lead(queue: string, owner: string, now: number, ttlMs: number): Script<number | undefined> {
  const led = yield* row<{ readonly term: number }>(
    `INSERT INTO job_queues (queue, leader, leader_until, term) VALUES ($1, $2, $3, 1)
     ON CONFLICT (queue) DO UPDATE SET leader = excluded.leader, leader_until = excluded.leader_until,
       term = CASE WHEN job_queues.leader = excluded.leader THEN job_queues.term ELSE job_queues.term + 1 END
       WHERE job_queues.leader IS NULL OR job_queues.leader = excluded.leader OR job_queues.leader_until <= $4
     RETURNING term`,
    [queue, owner, now + ttlMs, now],
  );
  return led?.term;
}

/** Who leads, or led until its time was over. Nobody after a leader that resigned, or before the first. */
export function* leaderOf(queue: string): Script<string | undefined> {
  const led = yield* row<{ readonly leader: string | null }>('SELECT leader FROM job_queues WHERE queue = $1', [queue]);
  return led?.leader ?? undefined;
}

/** Lets another dispatcher lead at once. */
export function* resign({ queue, owner, term }: Leadership): Script<void> {
  yield* tell('UPDATE job_queues SET leader = NULL, leader_until = 0 WHERE queue = $1 AND leader = $2 AND term = $3', [
    queue,
    owner,
    term,
  ]);
}

export interface QueueRow {
  readonly paused_at: number | null;
  readonly virtual_time: number;
  readonly seen_group: string | null;
}

/**
 * The queue, locked until the transaction ends. A leader whose time is over but whom nobody followed still leads: what
 * counts is that there is one.
 *
 * @returns nothing when another one leads
 */
export function* holdLead({ queue, owner, term }: Leadership): Script<QueueRow | undefined> {
  return yield* row<QueueRow>(
    `UPDATE job_queues SET term = term WHERE queue = $1 AND leader = $2 AND term = $3
     RETURNING paused_at, virtual_time, seen_group`,
    [queue, owner, term],
  );
}
