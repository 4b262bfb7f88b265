import type { JobReference } from '../job.ts';
import { rows, type Script, tell } from '../script.ts';
import { verdictOn } from './attempt.ts';
import { finishLocked, giveBackSlot } from './finish.ts';
import { holdLead, type Leadership } from './lead.ts';
import { lockUnfinished } from './lock.ts';
import type { LockedJob } from './record.ts';

/** Jobs put right in one call, of each kind. */
const MOST_RECLAIMED = 256;

export interface ReclaimArguments extends Leadership {
  readonly now: number;
  /** Released for longer and not begun: what was published is taken for lost. */
  readonly unbegunMs: number;
  /** After the end of a lease, for the bus to deliver again by itself. */
  readonly graceMs: number;
}

export interface Reclaimed {
  /** Ready again, to be published under a new release number. */
  readonly unbegun: number;
  readonly crashed: number;
  readonly overdue: number;
  readonly cancelled: number;
  readonly more: boolean;
}

interface Found {
  readonly id: string;
}

/**
 * Puts right what nobody will: references that were lost, workers that vanished with what the bus would have delivered
 * again, deadlines of jobs that nobody runs. A delivery of an earlier release is refused when it begins.
 *
 * @returns nothing when another one leads
 */
export function* reclaim(args: ReclaimArguments): Script<Reclaimed | undefined> {
  const { queue, now, unbegunMs, graceMs } = args;
  if ((yield* holdLead(args)) === undefined) return undefined;
  const late = yield* rows<Found>(
    `SELECT id FROM jobs WHERE deadline_at IS NOT NULL AND state NOT IN ('succeeded', 'failed', 'cancelled')
       AND deadline_at <= $2 AND queue = $1 AND (state <> 'running' OR lease_until <= $3)
     ORDER BY deadline_at LIMIT ${MOST_RECLAIMED}`,
    [queue, now, now - graceMs],
  );
  const unbegun = yield* rows<Found>(
    `SELECT id FROM jobs WHERE queue = $1 AND state = 'released' AND state IN ('released', 'running')
       AND released_at <= $2 ORDER BY released_at LIMIT ${MOST_RECLAIMED}`,
    [queue, now - unbegunMs],
  );
  const vanished = yield* rows<Found>(
    `SELECT id FROM jobs WHERE queue = $1 AND state = 'running' AND state IN ('released', 'running')
       AND lease_until <= $2 ORDER BY released_at LIMIT ${MOST_RECLAIMED}`,
    [queue, now - graceMs],
  );
  const found = [late, unbegun, vanished];
  const counts = { unbegun: 0, crashed: 0, overdue: 0, cancelled: 0 };
  for (const { id } of found.flat()) {
    const job = yield* lockUnfinished(id);
    // It may have begun, or been extended, before it was locked.
    if (job === undefined || !isLost(job, args)) continue;
    counts[yield* putRight(job, now)] += 1;
  }
  return { ...counts, more: found.some(({ length }) => length === MOST_RECLAIMED) };
}

function isLost(job: LockedJob, { now, unbegunMs, graceMs }: ReclaimArguments): boolean {
  if (job.state === 'running') return job.lease_until !== null && job.lease_until <= now - graceMs;
  if (job.deadline_at !== null && job.deadline_at <= now) return true;
  return job.state === 'released' && job.released_at !== null && job.released_at <= now - unbegunMs;
}

function* putRight(job: LockedJob, now: number): Script<'unbegun' | 'crashed' | 'overdue' | 'cancelled'> {
  const ending = verdictOn(job, now)?.[1];
  if (ending !== undefined) {
    yield* finishLocked(job, ending, now);
    if (ending.state === 'cancelled') return 'cancelled';
    return ending.state === 'failed' && ending.code === 'deadline-exceeded' ? 'overdue' : 'crashed';
  }
  const isCrash = job.state === 'running';
  yield* tell(
    `UPDATE jobs SET state = 'ready', place = 0, crashes = crashes + $2, lease_until = NULL, worker = NULL WHERE id = $1`,
    [job.id, isCrash ? 1 : 0],
  );
  yield* giveBackSlot(job);
  return isCrash ? 'crashed' : 'unbegun';
}

/** A reference that the bus said it did not take: the job is ready again at once. */
export function* handBack(leadership: Leadership, { job, release }: JobReference, now: number): Script<void> {
  if ((yield* holdLead(leadership)) === undefined) return;
  const locked = yield* lockUnfinished(job);
  if (locked?.state === 'released' && locked.release_no === release) yield* putRight(locked, now);
}
