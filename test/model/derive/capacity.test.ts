import { describe, expect, test } from '@jest/globals';
import {
  concurrencyFor,
  itemsInFlight,
  leastReplicasFor,
  prefetchFor,
  replicasFor,
} from '../../../model/src/derive/capacity.ts';
import { Duration, Rate } from '../../../model/src/units.ts';

// Every expected number was worked out on paper from the formula in the doc comment.

const work = { mean: Duration.parse('250 milliseconds'), p99: Duration.parse('1 second') };
const peak = Rate.parse('200/s');

describe('capacity', () => {
  test('30 items a second of 1 s each are 30 at once (L = lambda W)', () => {
    expect(itemsInFlight(Rate.parse('30/s'), Duration.seconds(1))).toBe(30);
  });

  test('a replica works on what it can: 8 of the 50 / 0.7 = 71.4 that the peak needs', () => {
    expect(concurrencyFor(peak, work, 8)).toBe(8);
  });

  test('a replica does not work on more than the whole peak needs: 2 / 0.7 = 2.86, so 3 of 10', () => {
    expect(concurrencyFor(Rate.parse('2/s'), { mean: Duration.seconds(1), p99: Duration.seconds(2) }, 10)).toBe(3);
  });

  test('50 at once in replicas of 8 at 70 % are 50 / 5.6 = 8.9, so 9', () => {
    expect(replicasFor(peak, work, 8)).toBe(9);
  });

  test('and 50 / 8 = 6.25, so 7, when they may be busy all the time', () => {
    expect(leastReplicasFor(peak, work, 8)).toBe(7);
  });

  test('8 at once of 250 ms finish 0.64 during a round trip of 20 ms: one waits', () => {
    expect(prefetchFor(8, work)).toBe(9);
  });

  test('items of 1 ms finish 20 during a round trip: 20 wait', () => {
    expect(prefetchFor(1, { mean: Duration.milliseconds(1), p99: Duration.milliseconds(2) })).toBe(21);
  });
});
