import { describe, expect, test } from '@jest/globals';
import { planOf } from './plan.ts';
import { describeFailure, simulate, trial } from './shrink.ts';
import { World } from './world.ts';

const SEEDS = 200;
const PART = 50;

describe('jobs under two dispatchers, a bad bus and workers that vanish', () => {
  test.each(Array.from({ length: SEEDS / PART }, (_, part) => 1 + part * PART))(
    'end once each, in order and within limits: 50 histories from seed %i',
    async (from) => {
      for (let seed = from; seed < from + PART; seed += 1) {
        const failing = await simulate(seed);
        expect(failing === undefined ? '' : describeFailure(failing)).toBe('');
      }
    },
    120_000,
  );

  test('have the same history for the same seed', async () => {
    const [one, other] = [await new World(planOf(7)).run(), await new World(planOf(7)).run()];
    expect(one.events.length).toBeGreaterThan(10);
    expect(one.events).toEqual(other.events);
  });

  test('are found wrong by the checker when a worker settles what it does not hold', async () => {
    const plan = planOf(3);
    const world = new World(plan);
    world.applyTwice();
    expect((await world.run()).violations.join()).toMatch(/had its effect 2 times/);
    expect(await trial(plan)).toBeUndefined();
  });
});
