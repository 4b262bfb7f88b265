import { describe, expect, test } from '@jest/globals';
import {
  ackWaitFor,
  backoffStepsFor,
  duplicateWindowFor,
  longestHold,
  retryHorizon,
} from '../../../model/src/derive/lease.ts';
import { Duration } from '../../../model/src/units.ts';

const seconds = (n: number): Duration => Duration.seconds(n);
const inSeconds = (steps: readonly Duration[]): readonly number[] => steps.map((step) => step.inSeconds);

describe('the lease', () => {
  test('covers an item that waits behind one other: 1 s twice', () => {
    expect(longestHold({ mean: seconds(0.25), p99: seconds(1) }, 9, 8).inSeconds).toBe(2);
  });

  test('covers the item alone when nothing is taken ahead', () => {
    expect(longestHold({ mean: seconds(1), p99: seconds(3) }, 8, 8).inSeconds).toBe(3);
  });

  test('is half as long again as the longest hold: 2 * 10 s * 1.5 = 30 s', () => {
    expect(ackWaitFor({ mean: seconds(1), p99: seconds(10) }, 9, 8).inSeconds).toBe(30);
  });

  test('is 5 s at least', () => {
    expect(ackWaitFor({ mean: seconds(0.25), p99: seconds(1) }, 9, 8).inSeconds).toBe(5);
  });
});

describe('retries', () => {
  test('of four attempts wait 1, 2 and 4 s', () => {
    expect(inSeconds(backoffStepsFor(seconds(1), seconds(30), 4))).toEqual([1, 2, 4]);
  });

  test('wait no longer than the maximum', () => {
    expect(inSeconds(backoffStepsFor(seconds(1), seconds(3), 5))).toEqual([1, 2, 3, 3]);
  });

  test('end after 4 leases of 30 s and the waits between them: 127 s', () => {
    expect(retryHorizon(seconds(30), [1, 2, 4].map(seconds), 4).inSeconds).toBe(127);
  });

  test('are remembered for as long as a publisher may try, and for 2 minutes at least', () => {
    expect(duplicateWindowFor(seconds(127)).inSeconds).toBe(127);
    expect(duplicateWindowFor(seconds(10)).inSeconds).toBe(120);
  });
});
