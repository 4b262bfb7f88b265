import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LearnedBatchCost } from '../../../../services/inference-engine/src/scheduling/batch-cost.ts';
import { ArrivalRate, gatherMs } from '../../../../services/inference-engine/src/scheduling/gather.ts';

const pass = (paddedTokens: number) => ({ items: 1, paddedTokens });

describe('the cost of a pass', () => {
  test('is nothing while no pass was seen, and in proportion while all had one size', () => {
    const cost = new LearnedBatchCost();
    expect([cost.expectMs(pass(100)), cost.cautiousMs(pass(100))]).toEqual([0, 0]);
    cost.learn(pass(100), 20);
    expect([cost.expectMs(pass(100)), cost.expectMs(pass(50)), cost.fixedMs]).toEqual([20, 10, 0]);
  });

  test('is found again in passes that follow it', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 10, maxLength: 80 });
    const part = fc.double({ min: 0.01, max: 20, noNaN: true });
    fc.assert(
      fc.property(sizes, part, part, (lengths, fixed, slope) => {
        fc.pre(Math.max(...lengths) > 2 * Math.min(...lengths));
        const cost = new LearnedBatchCost();
        for (const tokens of [...lengths, ...lengths, ...lengths]) cost.learn(pass(tokens), fixed + slope * tokens);
        const expected = fixed + slope * 1_000;
        expect(Math.abs(cost.expectMs(pass(1_000)) - expected) / expected).toBeLessThan(0.02);
      }),
    );
  });

  test('follows a device that becomes slower', () => {
    const cost = new LearnedBatchCost();
    const learn = (msPerToken: number): void => {
      for (let n = 0; n < 300; n += 1) cost.learn(pass(100 + (n % 7) * 50), 5 + msPerToken * (100 + (n % 7) * 50));
    };
    learn(0.1);
    expect(cost.expectMs(pass(200))).toBeCloseTo(25, 1);
    learn(0.3);
    expect(cost.expectMs(pass(200))).toBeCloseTo(65, 0);
  });

  test('is told more cautiously the more passes of one size differ', () => {
    const steady = new LearnedBatchCost();
    const unsteady = new LearnedBatchCost();
    for (let n = 0; n < 200; n += 1) {
      steady.learn(pass(100), 10);
      unsteady.learn(pass(100), n % 2 === 0 ? 8 : 12);
    }
    expect(steady.cautiousMs(pass(100))).toBeCloseTo(10, 5);
    expect(unsteady.cautiousMs(pass(100)) / unsteady.expectMs(pass(100))).toBeCloseTo(1 + 1.65 * 0.2, 1);
  });

  test('is never negative, whatever was measured', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 500, noNaN: true }))),
        fc.integer({ min: 1, max: 5_000 }),
        (passes, tokens) => {
          const cost = new LearnedBatchCost();
          for (const [size, ms] of passes) cost.learn(pass(size), ms);
          expect(cost.expectMs(pass(tokens))).toBeGreaterThanOrEqual(0);
          expect(cost.cautiousMs(pass(tokens))).toBeGreaterThanOrEqual(cost.expectMs(pass(tokens)));
          expect(cost.fixedMs).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

describe('gathering', () => {
  test('waits only where more than one is expected to join within the fixed part of a pass', () => {
    expect(gatherMs({ fixedMs: 10, arrivalsPerMs: 0.1, slackMs: 1_000 })).toBe(0);
    expect(gatherMs({ fixedMs: 10, arrivalsPerMs: 0.5, slackMs: 1_000 })).toBe(10);
    expect(gatherMs({ fixedMs: 10, arrivalsPerMs: 0.5, slackMs: 8 })).toBe(4);
    expect(gatherMs({ fixedMs: 10, arrivalsPerMs: 0.5, slackMs: -8 })).toBe(0);
  });

  test('knows how fast items come, and that nothing comes any more', () => {
    const rate = new ArrivalRate();
    expect(rate.perMs(0)).toBe(0);
    for (let now = 0; now <= 2_000; now += 4) rate.arrived(2, now);
    expect(rate.perMs(2_000)).toBeCloseTo(0.5, 2);
    expect(rate.perMs(3_000)).toBe(1 / 1_000);
  });
});
