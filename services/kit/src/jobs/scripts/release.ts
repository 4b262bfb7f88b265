import type { JobReference } from '../job.ts';
import type { ReleasePolicy } from '../release-policy.ts';
import { row, rows, type Script, tell } from '../script.ts';
import { breakerOf, sendProbe } from './breaker.ts';
import { holdLead, type Leadership } from './lead.ts';
import { admit, holdBehind, type Limit, limitOf, lockLimit, nextLook } from './limit.ts';
import { type Candidate, Line } from './line.ts';
import { PLACE } from './place.ts';
import { discover, earliest, nextShares, type Share, writeShare } from './share.ts';

/** Jobs released in one call, at most: a transaction stays short whatever the window. */
export const MOST_RELEASED = 256;
/** Groups found without a job in one call. */
const MOST_SILENT = 256;
/** Jobs that became due, sorted in one call. */
const SORTED = 1_024;

export interface ReleaseArguments extends Leadership {
  readonly now: number;
  /** Jobs that may be out at once: what workers can hold. */
  readonly window: number;
  readonly policy: ReleasePolicy;
}

export interface Released {
  readonly references: readonly JobReference[];
  /** Jobs out, these included. */
  readonly out: number;
  /** Another call at once would find more to do. */
  readonly more: boolean;
  /** When time alone gives something to do; nothing when it does not. */
  readonly nextAt: number | undefined;
}

/**
 * Chooses the jobs whose turn it is, as many as the window has room for, and marks them released. What is behind a limit,
 * a breaker or a time is not in the way of others.
 *
 * @returns nothing when another one leads
 */
export function* release(args: ReleaseArguments): Script<Released | undefined> {
  const { queue, now, policy } = args;
  const held = yield* holdLead(args);
  if (held === undefined) return undefined;
  const out = yield* outstanding(queue);
  if (held.paused_at !== null) return { references: [], out, more: false, nextAt: undefined };
  const hasUnsorted = yield* sort(queue, now);
  const hasHeld = yield* admit(queue, policy, now);
  const discovery = yield* discover(queue, held.seen_group, held.virtual_time);
  const turn = new Turn(args, held.virtual_time);
  const room = Math.min(args.window - out, MOST_RELEASED);
  const references = yield* turn.choose(room);
  yield* tell('UPDATE job_queues SET virtual_time = $2, seen_group = $3 WHERE queue = $1', [
    queue,
    turn.clock,
    discovery.seen,
  ]);
  const isFull = args.window - out <= references.length;
  const hasGroups = (discovery.seen !== null || turn.hasMoreGroups) && references.length < room;
  const more = hasUnsorted || hasHeld || (!isFull && (references.length === MOST_RELEASED || hasGroups));
  const nextAt = more ? now : yield* nextTime(queue, policy, now);
  return { references, out: out + references.length, more, nextAt };
}

/** Jobs that are with the bus or a worker; costs as much as the window is wide. */
export function* outstanding(queue: string): Script<number> {
  const counted = yield* row<{ readonly n: number }>(
    `SELECT count(*) AS n FROM jobs WHERE queue = $1 AND state IN ('released', 'running')`,
    [queue],
  );
  return counted?.n ?? 0;
}

/** Puts what is due into the line, or behind the limit of its key. @returns whether there is more */
function* sort(queue: string, now: number): Script<boolean> {
  const sorted = yield* rows<{ readonly task: string; readonly limit_key: string | null }>(
    `UPDATE jobs SET place = CASE WHEN limit_key IS NULL THEN ${PLACE.inLine} ELSE ${PLACE.held} END
     WHERE state = 'ready' AND place = ${PLACE.unsorted} AND seq IN (
       SELECT seq FROM jobs WHERE state = 'ready' AND place = 0 AND queue = $1 AND run_at <= $2
       ORDER BY run_at LIMIT ${SORTED})
     RETURNING task, limit_key`,
    [queue, now],
  );
  const keys = new Map(
    sorted.flatMap(({ task, limit_key }) =>
      limit_key === null ? [] : [[JSON.stringify([task, limit_key]), [task, limit_key] as const] as const],
    ),
  );
  yield* holdBehind(queue, [...keys.values()], now);
  return sorted.length === SORTED;
}

function* nextTime(queue: string, policy: ReleasePolicy, now: number): Script<number | undefined> {
  const delayed = yield* row<{ readonly run_at: number }>(
    `SELECT run_at FROM jobs WHERE state = 'ready' AND place = 0 AND queue = $1 ORDER BY run_at LIMIT 1`,
    [queue],
  );
  const times = [delayed?.run_at, yield* nextLook(queue)];
  for (const downstream of downstreamsOf(policy)) {
    const breaker = yield* breakerOf(downstream);
    if (breaker !== undefined && breaker.state !== 'closed' && breaker.probe_at > now) times.push(breaker.probe_at);
  }
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

const downstreamsOf = ({ tasks }: ReleasePolicy): ReadonlySet<string> =>
  new Set(Object.values(tasks).flatMap(({ downstream }) => (downstream === undefined ? [] : [downstream])));

/** Which downstreams may be called: freely, by one probe, or not at all. */
type Gate = 'open' | 'probe' | 'shut';

const copyOf = (share: Share | undefined): Share | undefined => (share === undefined ? undefined : { ...share });

/** One call's choice. */
class Turn {
  /** Of all groups: where the last job chosen started. */
  clock: number;
  /** There are groups it has not asked. */
  hasMoreGroups = false;
  readonly #args: ReleaseArguments;
  readonly #gates = new Map<string, Gate>();
  readonly #limits = new Map<string, Limit>();
  readonly #lines = new Map<string, Line>();
  /** Those that stand in line though their limit is used up. */
  readonly #overtaken: Candidate[] = [];

  constructor(args: ReleaseArguments, clock: number) {
    this.#args = args;
    this.clock = clock;
  }

  *choose(room: number): Script<readonly JobReference[]> {
    if (room <= 0) return [];
    const { queue, policy } = this.#args;
    yield* this.#readGates();
    const shares = yield* nextShares(queue, room);
    let last = shares.length < room ? undefined : copyOf(shares.at(-1));
    const touched = new Set<Share>();
    const chosen: Candidate[] = [];
    for (let silent = 0; chosen.length < room; ) {
      const share = earliest(shares);
      if (share === undefined) break;
      touched.add(share);
      const candidate = yield* this.#nextOf(share.group);
      if (candidate === undefined) {
        // What is in line but not to go is found again by discovery.
        share.active = false;
        silent += 1;
        this.hasMoreGroups = silent === MOST_SILENT;
        if (this.hasMoreGroups) break;
        // Nobody may be passed by for not having been read.
        const [next] = last === undefined ? [] : yield* nextShares(queue, 1, last);
        last = copyOf(next);
        if (next !== undefined) shares.push(next);
        continue;
      }
      chosen.push(candidate);
      this.clock = Math.max(this.clock, share.startAt);
      share.startAt += 1 / (policy.weights[share.group] ?? 1);
    }
    for (const share of touched) yield* writeShare(queue, share);
    const references = yield* this.#mark(chosen);
    yield* this.#writeLimits();
    return references;
  }

  *#readGates(): Script<void> {
    const { policy, now } = this.#args;
    for (const downstream of downstreamsOf(policy)) {
      const breaker = yield* breakerOf(downstream);
      const isShut = breaker !== undefined && breaker.state !== 'closed';
      this.#gates.set(downstream, isShut ? (breaker.probe_at <= now ? 'probe' : 'shut') : 'open');
    }
  }

  *#nextOf(group: string): Script<Candidate | undefined> {
    const line = this.#lines.get(group) ?? new Line(this.#args.queue, group);
    this.#lines.set(group, line);
    for (;;) {
      const candidate = yield* line.next((task) => this.#gateOf(task) !== 'shut');
      if (candidate === undefined) return undefined;
      if (!(yield* this.#takeLimit(candidate))) {
        this.#overtaken.push(candidate);
        continue;
      }
      yield* this.#passGate(candidate);
      return candidate;
    }
  }

  #gateOf(task: string): Gate {
    const downstream = this.#args.policy.tasks[task]?.downstream;
    return downstream === undefined ? 'open' : (this.#gates.get(downstream) ?? 'open');
  }

  *#passGate({ id, task }: Candidate): Script<void> {
    const { policy, now } = this.#args;
    const downstream = policy.tasks[task]?.downstream;
    if (downstream === undefined || this.#gates.get(downstream) !== 'probe') return;
    this.#gates.set(downstream, 'shut');
    yield* sendProbe(downstream, id, now, now + policy.probeMs);
  }

  *#takeLimit({ task, limit_key }: Candidate): Script<boolean> {
    if (limit_key === null) return true;
    const { queue, policy, now } = this.#args;
    const name = JSON.stringify([task, limit_key]);
    const limit = this.#limits.get(name) ?? (yield* lockLimit(queue, task, limit_key, limitOf(policy, task), now));
    this.#limits.set(name, limit);
    if (limit.free <= 0) return false;
    limit.take();
    return true;
  }

  *#mark(chosen: readonly Candidate[]): Script<readonly JobReference[]> {
    if (chosen.length === 0) return [];
    const ids = chosen.map(({ id }) => id);
    const marked = yield* rows<{ readonly id: string; readonly release_no: number }>(
      `UPDATE jobs SET state = 'released', release_no = release_no + 1, token = 0, released_at = $1, lease_until = NULL
       WHERE state = 'ready' AND id IN (${ids.map((_, index) => `$${index + 2}`).join(', ')})
       RETURNING id, release_no`,
      [this.#args.now, ...ids],
    );
    const releases = new Map(marked.map(({ id, release_no }) => [id, release_no]));
    // Whoever was cancelled meanwhile is not among them, and takes no place of its limit.
    for (const { id, task, limit_key } of chosen)
      if (!releases.has(id) && limit_key !== null) this.#limits.get(JSON.stringify([task, limit_key]))?.putBack();
    return chosen.flatMap(({ id }) => {
      const release = releases.get(id);
      return release === undefined ? [] : [{ job: id, release }];
    });
  }

  *#writeLimits(): Script<void> {
    const { queue } = this.#args;
    for (const { id } of this.#overtaken)
      yield* tell(`UPDATE jobs SET place = ${PLACE.held} WHERE id = $1 AND state = 'ready'`, [id]);
    for (const limit of this.#limits.values()) yield* limit.write(queue, limit.nextAt);
  }
}
