import type { LimitPolicy, ReleasePolicy } from '../release-policy.ts';
import { row, rows, type Script, tell } from '../script.ts';
import { PLACE } from './place.ts';

/** Nothing but a slot that is given back changes it. */
const NEVER = Number.MAX_SAFE_INTEGER;
/** Keys looked at in one call, and jobs that one look lets into the line. */
const LOOKS = 64;
const ADMITTED = 64;

interface LimitRow {
  readonly limit_key: string;
  readonly task: string;
  readonly in_flight: number;
  readonly tokens: number;
  readonly refilled_at: number;
}

/** The limit of one key, locked until the transaction ends, and what this call took of it. */
export class Limit {
  readonly task: string;
  readonly key: string;
  readonly #policy: LimitPolicy;
  readonly #now: number;
  #inFlight: number;
  #tokens: number;
  #refilledAt: number;

  constructor(row: LimitRow, policy: LimitPolicy, now: number) {
    this.task = row.task;
    this.key = row.limit_key;
    this.#policy = policy;
    // A leader whose clock is behind its predecessor's must not fill up what is full of the future.
    this.#now = Math.max(now, row.refilled_at);
    this.#inFlight = row.in_flight;
    const gained = (this.#now - row.refilled_at) * (policy.perMs ?? 0);
    this.#tokens = Math.min(policy.burst, row.tokens + gained);
    this.#refilledAt = this.#now;
  }

  /** How many may be released now. */
  get free(): number {
    const { concurrency, perMs } = this.#policy;
    const slots = concurrency === undefined ? ADMITTED : concurrency - this.#inFlight;
    const tokens = perMs === undefined ? ADMITTED : Math.floor(this.#tokens);
    return Math.max(0, Math.min(slots, tokens));
  }

  take(): void {
    this.#inFlight += 1;
    if (this.#policy.perMs !== undefined) this.#tokens -= 1;
  }

  putBack(): void {
    this.#inFlight -= 1;
    if (this.#policy.perMs !== undefined) this.#tokens += 1;
  }

  /** When more may be released than now, as far as time decides it. */
  get nextAt(): number {
    const { concurrency, perMs } = this.#policy;
    if (concurrency !== undefined && this.#inFlight >= concurrency) return NEVER;
    if (perMs === undefined || this.#tokens >= 1) return this.#now;
    return this.#now + Math.ceil((1 - this.#tokens) / perMs);
  }

  *write(queue: string, lookAt: number | null): Script<void> {
    const { perMs, burst } = this.#policy;
    const fullAt = perMs === undefined ? this.#now : this.#now + Math.ceil((burst - this.#tokens) / perMs);
    yield* tell(
      `INSERT INTO job_limits (queue, task, limit_key, in_flight, tokens, refilled_at, full_at, look_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (queue, task, limit_key) DO UPDATE SET in_flight = excluded.in_flight, tokens = excluded.tokens,
         refilled_at = excluded.refilled_at, full_at = excluded.full_at, look_at = excluded.look_at`,
      [queue, this.task, this.key, this.#inFlight, this.#tokens, this.#refilledAt, fullAt, lookAt],
    );
  }
}

/** Which keys have something held now: they will be looked at. */
export function* holdBehind(queue: string, keys: readonly (readonly [string, string])[], now: number): Script<void> {
  for (const [task, key] of keys) {
    yield* tell(
      `INSERT INTO job_limits (queue, task, limit_key, in_flight, tokens, refilled_at, full_at, look_at)
       VALUES ($1, $2, $3, 0, 1000000000, $4, $4, 0)
       ON CONFLICT (queue, task, limit_key) DO UPDATE SET look_at = 0 WHERE job_limits.look_at IS NULL`,
      [queue, task, key, now],
    );
  }
}

export function* lockLimit(queue: string, task: string, key: string, policy: LimitPolicy, now: number): Script<Limit> {
  const found = yield* row<LimitRow>(
    `UPDATE job_limits SET in_flight = in_flight WHERE queue = $1 AND task = $2 AND limit_key = $3
     RETURNING task, limit_key, in_flight, tokens, refilled_at`,
    [queue, task, key],
  );
  const fresh = { task, limit_key: key, in_flight: 0, tokens: policy.burst, refilled_at: now };
  return new Limit(found ?? fresh, policy, now);
}

/** A task that has no limit any more lets everybody in. */
export const UNLIMITED: LimitPolicy = { burst: 0 };
export const limitOf = (policy: ReleasePolicy, task: string): LimitPolicy => policy.tasks[task]?.limit ?? UNLIMITED;

/** Lets into the line as many of those behind limits as could be released now. @returns whether there is more to do */
export function* admit(queue: string, policy: ReleasePolicy, now: number): Script<boolean> {
  const due = yield* rows<Pick<LimitRow, 'task' | 'limit_key'>>(
    `SELECT task, limit_key FROM job_limits WHERE queue = $1 AND look_at IS NOT NULL AND look_at <= $2
     ORDER BY look_at LIMIT ${LOOKS}`,
    [queue, now],
  );
  let more = due.length === LOOKS;
  for (const { task, limit_key } of due) {
    const limit = yield* lockLimit(queue, task, limit_key, limitOf(policy, task), now);
    const key = [queue, task, limit_key] as const;
    const inLine = yield* rows(
      `SELECT 1 AS found FROM jobs WHERE state = 'ready' AND limit_key IS NOT NULL AND queue = $1 AND task = $2
         AND limit_key = $3 AND place = ${PLACE.inLine} LIMIT ${ADMITTED}`,
      key,
    );
    const room = limit.free - inLine.length;
    const admitted =
      room <= 0
        ? []
        : yield* rows(
            `UPDATE jobs SET place = ${PLACE.inLine} WHERE state = 'ready' AND place = ${PLACE.held} AND seq IN (
               SELECT seq FROM jobs WHERE state = 'ready' AND limit_key IS NOT NULL AND queue = $1 AND task = $2
                 AND limit_key = $3 AND place = ${PLACE.held} ORDER BY rank, seq LIMIT $4)
             RETURNING seq`,
            [...key, room],
          );
    const held = yield* row(
      `SELECT 1 AS found FROM jobs WHERE state = 'ready' AND limit_key IS NOT NULL AND queue = $1 AND task = $2
         AND limit_key = $3 AND place = ${PLACE.held} LIMIT 1`,
      key,
    );
    // What stands in line uses up what is free; releasing it says when to look again.
    const isUsedUp = admitted.length + inLine.length >= limit.free && limit.free > 0;
    const lookAt = held === undefined ? null : isUsedUp ? NEVER : Math.max(limit.nextAt, now + 1);
    yield* limit.write(queue, lookAt);
    more ||= admitted.length > 0 && lookAt !== null && lookAt <= now;
  }
  return more;
}

export function* nextLook(queue: string): Script<number | undefined> {
  const next = yield* row<{ readonly look_at: number }>(
    'SELECT look_at FROM job_limits WHERE queue = $1 AND look_at IS NOT NULL ORDER BY look_at LIMIT 1',
    [queue],
  );
  return next === undefined || next.look_at === NEVER ? undefined : next.look_at;
}
