import { row, type Script } from '../script.ts';
import { totals } from './count.ts';
import { PLACE } from './place.ts';

/** How far jobs of a state are counted one by one. */
export const COUNTED_UP_TO = 10_000;

export interface QueueMeasure {
  /** Not over; exact. */
  readonly unfinished: number;
  /** Payloads of those; exact. */
  readonly bytes: number;
  /** Since the queue began; exact. Their growth is the rate at which jobs come and end. */
  readonly added: number;
  readonly ended: number;
  readonly failed: number;
  /** With the bus or a worker; exact. */
  readonly out: number;
  /** Ready and due; exact up to 10,000, which then means that or more. */
  readonly ready: number;
  /** Ready when their time has come; exact up to 10,000. */
  readonly delayed: number;
  /** Behind another job; exact up to 10,000. */
  readonly waiting: number;
  /** How long the one has been due that is due longest; 0 when there is none. */
  readonly oldestMs: number;
}

/**
 * Jobs that are due or out: what their worker is scaled by. Exact while less than 10,000 are due, or while less than
 * 10,000 wait and are delayed; where there are more of all of them it is no less than what is due.
 */
export function jobBacklog({ unfinished, out, ready, delayed, waiting }: QueueMeasure): number {
  return ready < COUNTED_UP_TO ? ready + out : Math.max(ready + out, unfinished - delayed - waiting);
}

/** The numbers of a queue, at a cost that is the same for a thousand jobs and a million. */
export function* measure(queue: string, now: number): Script<QueueMeasure> {
  const { added, ended, addedBytes, endedBytes, failed } = yield* totals(queue);
  const out = yield* upTo(`queue = $1 AND state IN ('released', 'running')`, [queue]);
  const inPlace = `state = 'ready' AND queue = $1 AND place = $2 AND run_at`;
  let ready = 0;
  for (const place of Object.values(PLACE)) ready += yield* upTo(`${inPlace} <= $3`, [queue, place, now]);
  const delayed = yield* upTo(`${inPlace} > $3`, [queue, PLACE.unsorted, now]);
  const waiting = yield* upTo(`state = 'waiting' AND queue = $1`, [queue]);
  return {
    unfinished: added - ended,
    bytes: addedBytes - endedBytes,
    added,
    ended,
    failed,
    out,
    ready: Math.min(COUNTED_UP_TO, ready),
    delayed,
    waiting,
    oldestMs: yield* oldestReadyMs(queue, now),
  };
}

function* upTo(where: string, params: readonly (string | number)[]): Script<number> {
  const counted = yield* row<{ readonly n: number }>(
    `SELECT count(*) AS n FROM (SELECT 1 AS found FROM jobs WHERE ${where} LIMIT ${COUNTED_UP_TO}) AS counted`,
    params,
  );
  return counted?.n ?? 0;
}

/** How long the ready job has been due that is due longest; 0 when none is. */
export function* oldestReadyMs(queue: string, now: number): Script<number> {
  let oldestAt = now;
  for (const place of Object.values(PLACE)) {
    const first = yield* row<{ readonly run_at: number }>(
      `SELECT run_at FROM jobs WHERE state = 'ready' AND queue = $1 AND place = $2 ORDER BY run_at LIMIT 1`,
      [queue, place],
    );
    oldestAt = Math.min(oldestAt, first?.run_at ?? now);
  }
  return now - oldestAt;
}
