import type { AttemptFence, JobRecord, JobReference } from '../../../../../services/kit/src/jobs/job.ts';
import type { MemoryStore } from '../memory-store.ts';
import { POLICY } from './plan.ts';
import type { Timeline } from './timeline.ts';

interface Row {
  readonly id: string;
  readonly task: string;
  readonly state: string;
  readonly seq: number;
  readonly share_group: string;
  readonly order_key: string | null;
  readonly limit_key: string | null;
  readonly rank: number;
}

const OUT = `state IN ('released', 'running')`;
const OVER = `state IN ('succeeded', 'failed', 'cancelled')`;
/** Rates are sums of fractions. */
const EPSILON = 1e-6;

/** What happened, and what of it must not have. */
export class History {
  readonly violations: string[] = [];
  readonly events: string[] = [];
  readonly acknowledged = new Set<string>();
  readonly #cancelled = new Set<string>();
  readonly #releases = new Map<string, number[]>();
  readonly #store: MemoryStore;
  readonly #line: Timeline;
  readonly #startedAt: number;

  constructor(store: MemoryStore, line: Timeline) {
    this.#store = store;
    this.#line = line;
    this.#startedAt = line.now;
  }

  note(event: string): void {
    this.events.push(`${((this.#line.now - this.#startedAt) / 1_000).toFixed(3).padStart(9)} s  ${event}`);
  }

  cancelled(id: string, answer: string): void {
    this.note(`cancel ${id}: ${answer}`);
    if (answer === 'cancelled') this.#cancelled.add(id);
  }

  began(fence: AttemptFence, job: JobRecord): void {
    this.note(`begin ${fence.job} release ${fence.release} token ${fence.token} attempt ${job.attempt}`);
    if (this.#cancelled.has(job.id)) this.#violated(`${job.id} began after its cancel was confirmed`);
    if (job.attempt > job.maxAttempts) this.#violated(`${job.id} began attempt ${job.attempt} of ${job.maxAttempts}`);
    if (job.deadlineAt !== undefined && job.deadlineAt <= this.#line.now)
      this.#violated(`${job.id} began after its deadline`);
    if (job.orderKey === undefined) return;
    const [before] = this.#rows(
      `SELECT id FROM jobs WHERE order_key = $1 AND seq < (SELECT seq FROM jobs WHERE id = $2) AND NOT ${OVER} LIMIT 1`,
      job.orderKey,
      job.id,
    );
    if (before !== undefined) this.#violated(`${job.id} began before ${before.id}, which is before it in order`);
  }

  settled(fence: AttemptFence, how: string, answer: string): void {
    this.note(`settle ${fence.job} release ${fence.release} token ${fence.token} as ${how}: ${answer}`);
  }

  released(references: readonly JobReference[], window: number, at: number, before: readonly string[]): void {
    if (references.length === 0) return;
    this.note(`release ${references.map(({ job, release }) => `${job}.${release}`).join(' ')}`);
    const out = this.#rows(`SELECT * FROM jobs WHERE ${OUT}`);
    if (out.length > window) this.#violated(`${out.length} jobs are out, ${window} may be`);
    const released = references.map(({ job }) => this.#rows('SELECT * FROM jobs WHERE id = $1', job)[0] as Row);
    for (const row of released) this.#checkLimit(row, out, at);
    this.#checkBreaker(released, before);
    this.#checkTurns(released);
    this.#checkShares();
  }

  /** Whether the breaker was shut before, and to whom. */
  breaker(now: number): readonly string[] {
    const [breaker] = this.#store.database.prepare('SELECT state, probe_at FROM job_breakers').all();
    if (breaker === undefined || breaker['state'] === 'closed') return [];
    return [(breaker['probe_at'] as number) <= now ? 'probe' : 'shut'];
  }

  #checkBreaker(released: readonly Row[], before: readonly string[]): void {
    const calls = released.filter(({ task }) => task === 'call').length;
    const [gate] = before;
    if (gate === 'shut' && calls > 0) this.#violated(`${calls} calls went out through an open breaker`);
    if (gate === 'probe' && calls > 1) this.#violated(`${calls} calls probed at once`);
  }

  #checkLimit({ id, task, limit_key }: Row, out: readonly Row[], at: number): void {
    const limit = POLICY.tasks[task]?.limit;
    if (limit === undefined || limit_key === null) return;
    const same = out.filter((other) => other.task === task && other.limit_key === limit_key).length;
    if (limit.concurrency !== undefined && same > limit.concurrency)
      this.#violated(`${same} of ${task} ${limit_key} are out with ${id}, ${limit.concurrency} may be`);
    if (limit.perMs === undefined) return;
    const key = `${task} ${limit_key}`;
    const earlier = this.#releases.get(key) ?? [];
    // By the clock of whoever leads, which for one that was held up is behind; it never counts backwards.
    const time = Math.max(at, earlier.at(-1) ?? at);
    const times = [...earlier, time];
    this.#releases.set(key, times);
    for (const [index, from] of times.entries()) {
      const count = times.length - index;
      const allowed = limit.burst + limit.perMs * (time - from);
      if (count > allowed + EPSILON)
        this.#violated(`${count} of ${key} were released in ${time - from} ms, ${allowed.toFixed(3)} may be`);
    }
  }

  /** Of one group, nobody that could have gone is passed by. */
  #checkTurns(released: readonly Row[]): void {
    for (const row of released) {
      const [passed] = this.#rows(
        `SELECT * FROM jobs WHERE state = 'ready' AND place = 1 AND share_group = $1 AND limit_key IS NULL
           AND task <> 'call' AND (rank < $2 OR (rank = $2 AND seq < $3)) LIMIT 1`,
        row.share_group,
        row.rank,
        row.seq,
      );
      if (passed !== undefined) this.#violated(`${row.id} went before ${passed.id}, whose turn it was`);
    }
  }

  /** Of two groups that have work, none is ahead of the clock by more than one job of its weight. */
  #checkShares(): void {
    const [queue] = this.#store.database.prepare("SELECT virtual_time FROM job_queues WHERE queue = 'q'").all();
    const clock = queue?.['virtual_time'] as number;
    for (const share of this.#store.database.prepare('SELECT * FROM job_shares WHERE active = 1').all()) {
      const lead = (share['virtual_time'] as number) - clock;
      const most = 1 / (POLICY.weights[share['share_group'] as string] ?? 1);
      if (lead > most + EPSILON || lead < -EPSILON)
        this.#violated(`group ${share['share_group']} starts ${lead} after the clock, at most ${most} is fair`);
    }
  }

  /** When nothing goes wrong any more and time has passed. */
  finish(): void {
    const effects = new Map(
      this.#store.database
        .prepare('SELECT job, count(*) AS n FROM effects GROUP BY job')
        .all()
        .map(({ job, n }) => [job as string, n as number]),
    );
    const jobs = new Map(this.#rows('SELECT * FROM jobs').map((row) => [row.id, row]));
    for (const id of this.acknowledged) if (!jobs.has(id)) this.#violated(`${id} was added and is not there`);
    for (const { id, state } of jobs.values()) {
      const had = effects.get(id) ?? 0;
      if (!['succeeded', 'failed', 'cancelled'].includes(state)) this.#violated(`${id} never ended: it is ${state}`);
      if (had !== (state === 'succeeded' ? 1 : 0)) this.#violated(`${id} is ${state} and had its effect ${had} times`);
    }
    for (const limit of this.#store.database.prepare('SELECT * FROM job_limits WHERE in_flight <> 0').all())
      this.#violated(`${limit['task']} ${limit['limit_key']} still counts ${limit['in_flight']} out`);
    const measured = this.#store.runNow('measure', 'q', this.#line.now);
    if (measured.unfinished !== 0 || measured.bytes !== 0)
      this.#violated(`counts say ${measured.unfinished} jobs and ${measured.bytes} bytes are left`);
    const keys = this.#store.database
      .prepare('SELECT idempotency_key FROM jobs GROUP BY idempotency_key HAVING count(*) > 1')
      .all();
    for (const { idempotency_key } of keys) this.#violated(`the key ${idempotency_key} has more than one job`);
  }

  #rows(sql: string, ...params: (string | number)[]): readonly Row[] {
    const named = Object.fromEntries(params.map((value, index) => [`$${index + 1}`, value]));
    return this.#store.database.prepare(sql).all(named) as unknown as Row[];
  }

  #violated(what: string): void {
    this.note(`VIOLATED: ${what}`);
    this.violations.push(what);
  }
}
