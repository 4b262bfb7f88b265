import { describe, expect, test } from '@jest/globals';
import {
  NO_MEMORY,
  rateTarget,
  replicasAskedFor,
  type ScalerMemory,
  type ScalingBounds,
  scale,
  scalingSignals,
  type WorkSeen,
} from '../../../model/src/derive/autoscaler.ts';
import { Duration, Rate } from '../../../model/src/units.ts';

/** 100 items and 20/s a replica, 2 to 12 of them, a cooldown of a minute. */
const worker = { lagThreshold: 100, ratePerReplica: Rate.perSecond(20) };
const bounds: ScalingBounds = { minReplicas: 2, maxReplicas: 12, cooldown: Duration.seconds(60) };
const sleeper: ScalingBounds = { ...bounds, minReplicas: 0 };

/** Looks one after the other, each with the seconds since the start and what was seen; returns the replicas of each. */
function run(of: ScalingBounds, start: number, looks: readonly (readonly [second: number, seen: WorkSeen])[]) {
  let replicas = start;
  let memory: ScalerMemory = NO_MEMORY;
  return looks.map(([second, seen]) => {
    ({ replicas, memory } = scale(
      of,
      { now: second * 1_000, replicas, signals: scalingSignals(worker, seen) },
      memory,
    ));
    return replicas;
  });
}

describe('a signal', () => {
  const ask = (value: number | undefined, replicas: number) =>
    replicasAskedFor({ name: 'backlog', value, target: 100, activation: 0 }, replicas);

  test('asks for as many replicas as have their target each: ceil(450 / 100) = 5', () => {
    expect(ask(450, 1)).toBe(5);
  });

  test('asks for what there is while each has its target within 10 %', () => {
    expect([440, 360, 441, 359].map((value) => ask(value, 4))).toEqual([4, 4, 5, 4]);
    expect(ask(350, 4)).toBe(4);
    expect(ask(290, 4)).toBe(3);
  });

  test('asks for nothing while it is blind', () => {
    expect(ask(undefined, 4)).toBeUndefined();
  });

  test('is counted in whole thousandths: three times 22.4 are three replicas', () => {
    expect(replicasAskedFor({ name: 'arrival-rate', value: 67.2, target: 22.4, activation: 0 }, 1)).toBe(3);
    expect([1 / 3, 1.001, 0.000_01].map((rate) => rateTarget(Rate.perSecond(rate)))).toEqual([0.333, 1.001, 0.001]);
  });
});

describe('the scaler', () => {
  test('takes the larger need of both signals', () => {
    expect(run(bounds, 2, [[0, { backlog: 350, arrivalRate: 30 }]])).toEqual([4]);
    expect(run(bounds, 2, [[0, { backlog: 10, arrivalRate: 95 }]])).toEqual([5]);
  });

  test('doubles or adds four in 15 s, whichever is more, up to the most', () => {
    const flood = { backlog: 10_000 };
    expect(
      run(bounds, 2, [
        [0, flood],
        [14, flood],
        [15, flood],
        [30, flood],
      ]),
    ).toEqual([6, 6, 12, 12]);
  });

  test('keeps the highest need of a cooldown, and then goes to what is needed at once', () => {
    expect(
      run(bounds, 2, [
        [0, { backlog: 600 }],
        [15, { backlog: 0 }],
        [45, { backlog: 300 }],
        [59, { backlog: 0 }],
        [60, { backlog: 0 }],
        [105, { backlog: 0 }],
      ]),
    ).toEqual([6, 6, 6, 6, 3, 2]);
  });

  test('brings what is outside of its bounds back into them, whatever it sees', () => {
    expect(run(bounds, 1, [[0, { backlog: undefined }]])).toEqual([2]);
    expect(run(bounds, 20, [[0, { backlog: 5_000 }]])).toEqual([12]);
  });

  test('takes nothing away while a signal is blind, and lets the other one add', () => {
    expect(run(bounds, 4, [[0, { backlog: undefined, arrivalRate: 1 }]])).toEqual([4]);
    expect(run(bounds, 4, [[0, { backlog: undefined, arrivalRate: 150 }]])).toEqual([8]);
    expect(run(bounds, 4, [[0, { backlog: undefined }]])).toEqual([4]);
  });
});

describe('from none', () => {
  test('one item wakes one replica, and the next look brings the others', () => {
    expect(
      run(sleeper, 0, [
        [0, { backlog: 0 }],
        [1, { backlog: 1 }],
        [2, { backlog: 900 }],
      ]),
    ).toEqual([0, 1, 5]);
  });

  test('a rate alone wakes nobody below what one replica carries', () => {
    expect(run(sleeper, 0, [[0, { backlog: 0, arrivalRate: 20 }]])).toEqual([0]);
  });

  test('the last one goes a cooldown after the last sign of work, and not while nobody can see', () => {
    expect(
      run(sleeper, 0, [
        [0, { backlog: 5 }],
        [30, { backlog: 5 }],
        [60, { backlog: 0 }],
        [89, { backlog: 0 }],
        [90, { backlog: undefined }],
        [91, { backlog: 0 }],
      ]),
    ).toEqual([1, 1, 1, 1, 1, 0]);
  });

  test('one that was just deployed stays for a cooldown before it sleeps', () => {
    expect(
      run(sleeper, 1, [
        [0, { backlog: 0 }],
        [59, { backlog: 0 }],
        [60, { backlog: 0 }],
      ]),
    ).toEqual([1, 1, 0]);
  });
});
