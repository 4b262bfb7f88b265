import { Rate } from '@penstock/model';
import type { Task } from './task.ts';

/** What holds for releasing the jobs of a queue; comes with each call, since it stands in code and not in the store. */
export interface ReleasePolicy {
  readonly tasks: Readonly<Record<string, TaskPolicy>>;
  /** Of share groups; twice the weight is twice the jobs while both have some. @default 1 for each */
  readonly weights: Readonly<Record<string, number>>;
  /** How long the probe of a half-open breaker may take before another one is let through. */
  readonly probeMs: number;
}

export interface TaskPolicy {
  readonly downstream?: string;
  readonly limit?: LimitPolicy;
}

/** For each limit key of a task. */
export interface LimitPolicy {
  readonly concurrency?: number;
  /** Tokens a millisecond. */
  readonly perMs?: number;
  /** Tokens that a key without work saves up at most. */
  readonly burst: number;
}

const DEFAULT_PROBE_MS = 60_000;

export function releasePolicyOf(
  tasks: readonly Pick<Task, 'name' | 'downstream' | 'limits'>[],
  weights: Readonly<Record<string, number>> = {},
): ReleasePolicy {
  const policies = tasks.map(({ name, downstream, limits }): [string, TaskPolicy] => [
    name,
    {
      ...(downstream === undefined ? {} : { downstream }),
      ...(limits === undefined ? {} : { limit: limitOf(limits) }),
    },
  ]);
  return { tasks: Object.fromEntries(policies), weights, probeMs: DEFAULT_PROBE_MS };
}

function limitOf({ concurrency, rate, burst }: NonNullable<Task['limits']>): LimitPolicy {
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rate === undefined ? {} : { perMs: (Rate.is(rate) ? rate : Rate.parse(rate)).perSecond / 1_000 }),
    burst: burst ?? 1,
  };
}
