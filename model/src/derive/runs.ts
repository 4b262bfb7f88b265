import { Duration } from '../units.ts';

/** First wait before a failed run is tried again; doubles with every one (Kubernetes documentation, Jobs). */
const FIRST_RETRY = Duration.seconds(10);
const LONGEST_RETRY = Duration.seconds(360);
/** From here on every wait is the longest one. */
const MOST_DOUBLINGS = 6;
/** A run may take half as long again as the longest one that was measured. */
const RUN_ROOM = 1.5;

/**
 * From the start of a job until it is given up: every attempt with its start, and the waits in between.
 * attempts * (coldStart + 1.5 * longest) + sum of min(10 s * 2^(n-1), 6 min) for n = 1 .. attempts - 1.
 */
export function runDeadlineFor(longest: Duration, attempts: number, coldStart: Duration): Duration {
  const waits = Array.from({ length: attempts - 1 }, (_, n) =>
    Duration.min(FIRST_RETRY.times(2 ** Math.min(n, MOST_DOUBLINGS)), LONGEST_RETRY),
  );
  const runs = coldStart.plus(longest.times(RUN_ROOM)).times(attempts);
  return waits.reduce((sum, wait) => sum.plus(wait), runs).roundedUpToSeconds();
}

const LONGEST_START = Duration.seconds(3_600);

/** How late a run may still start when nobody said: until the next is due, and an hour at most. */
export const startWithinFor = (interval: Duration): Duration => Duration.min(interval, LONGEST_START);

/** Runs at the same time, at most, where they may overlap: those that begin before the first is given up. */
export const runsAtOnceFor = (deadline: Duration, interval: Duration): number =>
  Math.ceil(deadline.microseconds / interval.microseconds);
