import { Duration } from '../units.ts';
import type { WorkTime } from '../work-time.ts';

/** A pause (garbage collection, a slow disk, a moved virtual machine) must not look like a death. */
const LEASE_MARGIN = 1.5;
const SHORTEST_ACK_WAIT = Duration.seconds(5);

/**
 * Longest time from delivery to the end of an item's work: it may wait behind those delivered before it.
 * p99 * (1 + ceil((prefetch - concurrency) / concurrency)).
 */
export function longestHold(work: WorkTime, prefetch: number, concurrency: number): Duration {
  return work.p99.times(1 + Math.ceil(Math.max(0, prefetch - concurrency) / concurrency));
}

/**
 * The lease: the longest hold and half as much again, in whole seconds, at least 5 s. Workers extend it while they
 * live, so it bounds how long the work of a dead one waits, not how long work may take.
 */
export function ackWaitFor(work: WorkTime, prefetch: number, concurrency: number): Duration {
  return Duration.max(
    longestHold(work, prefetch, concurrency).times(LEASE_MARGIN).roundedUpToSeconds(),
    SHORTEST_ACK_WAIT,
  );
}

/** Waits after failed attempts: initial, doubled each time up to the maximum, one for each attempt but the last. */
export function backoffStepsFor(initial: Duration, maximum: Duration, maxAttempts: number): readonly Duration[] {
  return Array.from({ length: Math.max(1, maxAttempts - 1) }, (_, n) =>
    Duration.min(initial.times(2 ** Math.min(n, 40)), maximum),
  );
}

/** From the first delivery to the dead letters when every attempt dies at the end of its lease. */
export function retryHorizon(ackWait: Duration, steps: readonly Duration[], maxAttempts: number): Duration {
  return steps.reduce((sum, step) => sum.plus(step), ackWait.times(maxAttempts));
}

const SHORTEST_DUPLICATE_WINDOW = Duration.seconds(120);

/** As long as a publisher may try again; 2 minutes at least, the default of JetStream. */
export function duplicateWindowFor(publishRetryHorizon: Duration): Duration {
  return Duration.max(publishRetryHorizon, SHORTEST_DUPLICATE_WINDOW);
}
