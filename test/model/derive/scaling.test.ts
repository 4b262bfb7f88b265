import { describe, expect, test } from '@jest/globals';
import {
  cooldownFor,
  lagThresholdFor,
  pollingIntervalFor,
  ratePerReplicaFor,
  reactionTime,
  replicaBoundsFor,
  type ScalingFacts,
  type WarmFacts,
  warmReplicaBoundsFor,
} from '../../../model/src/derive/scaling.ts';
import { drainFor, leastTerminationGrace, terminationGraceFor } from '../../../model/src/derive/termination.ts';
import { Duration, Rate } from '../../../model/src/units.ts';

const seconds = (n: number): Duration => Duration.seconds(n);

/** 60/s, at most 200/s, 250 ms each (p99 1 s), done within 2 minutes, 8 at once, 10 s to start. */
const facts: ScalingFacts = {
  arrivalRate: Rate.parse('60/s'),
  peakRate: Rate.parse('200/s'),
  doneWithin: seconds(120),
  workTime: { mean: Duration.milliseconds(250), p99: seconds(1) },
  concurrency: 8,
  coldStart: seconds(10),
  idle: 'keep-warm',
};

describe('the scaler', () => {
  test.each([
    [10, 5],
    [60, 15],
    [120, 30],
    [600, 30],
  ])('with a promise of %i s looks every %i s', (promise, interval) => {
    expect(pollingIntervalFor(seconds(promise)).inSeconds).toBe(interval);
  });

  test('reacts within one look of the autoscaler and one cold start where replicas are kept: 15 + 10 s', () => {
    expect(reactionTime(facts).inSeconds).toBe(25);
  });

  test('looks as often there whatever was promised: KEDA only answers', () => {
    expect([10, 60, 600].map((promise) => reactionTime({ ...facts, doneWithin: seconds(promise) }).inSeconds)).toEqual([
      25, 25, 25,
    ]);
  });

  test('reacts from none within a look of KEDA, one of the autoscaler and one cold start: 30 + 15 + 10 s', () => {
    expect(reactionTime({ ...facts, idle: 'scale-to-zero' }).inSeconds).toBe(55);
  });

  test('lets 8 + 8 * (119 - 25) / 2 / 0.25 = 1512 items a replica wait', () => {
    expect(lagThresholdFor(facts)).toBe(1512);
  });

  test('lets 8 + 8 * (119 - 55) / 2 / 0.25 = 1032 items wait for one that has to wake first', () => {
    expect(lagThresholdFor({ ...facts, idle: 'scale-to-zero' })).toBe(1032);
  });

  test('keeps 15 / 5.6 = 2.7, so 3, and goes up to 50 / 5.6 = 8.9, so 9', () => {
    expect(replicaBoundsFor(facts)).toEqual({ min: 3, max: 9 });
  });

  test('lets 8 / 0.25 * 0.7 = 22.4 items a second come to a replica', () => {
    expect(ratePerReplicaFor(facts.workTime, facts.concurrency).perSecond).toBe(22.4);
  });

  test('needs as many replicas by the arrival rate as it plans for it: 60 / 22.4 = 2.7 and 200 / 22.4 = 8.9', () => {
    const { perSecond } = ratePerReplicaFor(facts.workTime, facts.concurrency);
    expect(Math.ceil(60 / perSecond)).toBe(replicaBoundsFor(facts).min);
    expect(Math.ceil(200 / perSecond)).toBe(replicaBoundsFor(facts).max);
  });

  test('goes down to none where that was asked for', () => {
    expect(replicaBoundsFor({ ...facts, idle: 'scale-to-zero' })).toEqual({ min: 0, max: 9 });
  });

  test('carries the peak warm when a new replica would come too late: 15 + 60 s against 29 s', () => {
    expect(replicaBoundsFor({ ...facts, doneWithin: seconds(30), coldStart: seconds(60) })).toEqual({ min: 9, max: 9 });
  });

  test('waits twice the cold start before it scales in, and 5 minutes at least', () => {
    expect(cooldownFor(seconds(200)).inSeconds).toBe(400);
    expect(cooldownFor(seconds(10)).inSeconds).toBe(300);
  });
});

/** 100/s, at most 400/s, 250 ms each, 10 at once, 30 s to start. */
const requests: WarmFacts = {
  arrivalRate: Rate.parse('100/s'),
  peakRate: Rate.parse('400/s'),
  peakWithin: seconds(600),
  requestTime: { mean: Duration.milliseconds(250), p99: seconds(1) },
  requestsAtOnce: 10,
  coldStart: seconds(30),
};

describe('a service whose requests cannot wait', () => {
  test('grows by 300/s in 10 minutes, 30/s while a replica comes: 130/s are 32.5 / 7 = 4.6, so 5 of at most 15', () => {
    expect(warmReplicaBoundsFor(requests)).toEqual({ min: 5, max: 15 });
  });

  test('carries the peak warm when it comes within the 60 s that a replica takes', () => {
    expect(warmReplicaBoundsFor({ ...requests, peakWithin: seconds(60) })).toEqual({ min: 15, max: 15 });
  });

  test('carries the peak warm when nothing follows the load', () => {
    expect(warmReplicaBoundsFor({ ...requests, peakWithin: undefined })).toEqual({ min: 15, max: 15 });
  });

  test('has two replicas when one could do it all', () => {
    const rare = { ...requests, arrivalRate: Rate.parse('1/min'), peakRate: Rate.parse('2/min') };
    expect(warmReplicaBoundsFor(rare)).toEqual({ min: 2, max: 2 });
  });
});

describe('the end of a pod', () => {
  test.each([
    [1, 5],
    [4.1, 7],
    [10, 15],
  ])('gives work of %d s (p99) a drain of %i s and 5 s to leave', (p99, drain) => {
    expect(drainFor(seconds(p99)).inSeconds).toBe(drain);
    expect(terminationGraceFor(seconds(drain)).inSeconds).toBe(drain + 5);
  });

  test('takes p99 and 5 s at the least, in whole seconds', () => {
    expect(leastTerminationGrace(seconds(1.2)).inSeconds).toBe(7);
  });
});
