import type { NewJob } from '../../../../../services/kit/src/jobs/job.ts';
import type { ReleasePolicy } from '../../../../../services/kit/src/jobs/release-policy.ts';
import { Chance } from './chance.ts';

/** What is asked of the queue, and when. */
export type Wish =
  | { readonly kind: 'add'; readonly after: number; readonly jobs: readonly JobWish[] }
  | { readonly kind: 'cancel'; readonly after: number; readonly id: string }
  | { readonly kind: 'pause'; readonly after: number; readonly forMs: number };

export type JobWish = Omit<NewJob, 'createdAt' | 'runAt' | 'deadlineAt' | 'keyExpiresAt'> & {
  readonly delayMs: number;
  readonly deadlineMs: number | undefined;
};

/** Everything that a run depends on: the same plan is the same history. */
export interface Plan {
  readonly seed: number;
  readonly wishes: readonly Wish[];
  /** How often things go wrong, from 0 to 1. */
  readonly faults: number;
  readonly window: number;
  readonly hasSchedule: boolean;
}

export const FAULTS_END_MS = 120_000;
const MOST_CALLS = 40;

export const POLICY: ReleasePolicy = {
  tasks: {
    plain: {},
    other: {},
    few: { limit: { concurrency: 2, burst: 1 } },
    slow: { limit: { perMs: 1 / 1_000, burst: 2 } },
    both: { limit: { concurrency: 1, perMs: 1 / 2_000, burst: 1 } },
    call: { downstream: 'api' },
  },
  weights: { big: 3 },
  probeMs: 5_000,
};

export function planOf(seed: number): Plan {
  const chance = new Chance(seed);
  const ids: string[] = [];
  const wishes: Wish[] = [];
  const calls = chance.between(5, MOST_CALLS);
  const hasOrder = chance.is(0.6);
  // Many at once are a backlog: then it shows who is chosen.
  const within = chance.is(0.4) ? FAULTS_END_MS / 20 : FAULTS_END_MS;
  const times = Array.from({ length: calls }, () => chance.between(0, within)).toSorted((a, b) => a - b);
  for (const [call, after] of times.entries()) {
    if (ids.length > 0 && chance.is(0.15)) wishes.push({ kind: 'cancel', after, id: chance.of(ids) });
    else if (chance.is(0.02)) wishes.push({ kind: 'pause', after, forMs: chance.between(1_000, 20_000) });
    else {
      const jobs = Array.from({ length: chance.is(0.2) ? chance.between(2, 5) : 1 }, (_, index) =>
        jobOf(chance, `j${call}-${index}`, ids, hasOrder),
      );
      wishes.push({ kind: 'add', after, jobs });
      ids.push(...jobs.map(({ id }) => id));
    }
  }
  return {
    seed,
    wishes,
    faults: chance.is(0.15) ? 0 : chance.next() * 0.4,
    window: chance.between(1, 9),
    hasSchedule: chance.is(0.2),
  };
}

function jobOf(chance: Chance, id: string, earlier: readonly string[], hasOrder: boolean): JobWish {
  const task = chance.of(['plain', 'plain', 'other', 'few', 'slow', 'both', 'call']);
  const isLimited = POLICY.tasks[task]?.limit !== undefined;
  return {
    id,
    queue: 'q',
    task,
    version: 1,
    idempotencyKey: earlier.length > 0 && chance.is(0.05) ? chance.of(earlier) : id,
    payload: new TextEncoder().encode(id),
    headers: {},
    delayMs: chance.is(0.25) ? chance.between(0, 40_000) : 0,
    deadlineMs: chance.is(0.1) ? chance.between(1_000, 90_000) : undefined,
    priority: chance.is(0.3) ? chance.between(0, 100) : 0,
    group: chance.of([undefined, 'big', 'small', 'tiny']),
    orderKey: hasOrder && chance.is(0.4) ? chance.of(['o1', 'o2']) : undefined,
    limitKey: isLimited ? chance.of(['k1', 'k2']) : undefined,
    maxAttempts: chance.between(1, 6),
    maxCrashes: chance.between(1, 4),
    needs:
      earlier.length > 0 && chance.is(0.15) ? [{ job: chance.of(earlier), onFailure: chance.of(['fail', 'run']) }] : [],
  };
}
