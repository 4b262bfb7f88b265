import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type BatchLimits,
  planBatch,
  shapeOf,
} from '../../../../services/inference-engine/src/scheduling/batch-plan.ts';
import type { Ordered } from '../../../../services/inference-engine/src/scheduling/fair-order.ts';

const item = (tokens: number, deadlineAt = Number.MAX_SAFE_INTEGER): Ordered => ({
  tenant: 'a',
  priority: 'normal',
  tokens,
  deadlineAt,
});
const free = { cautiousMs: () => 0 };
const tokensOf = (batch: readonly Ordered[]): readonly number[] => batch.map(({ tokens }) => tokens);

function plan(lengths: readonly number[], limits: BatchLimits): readonly number[] {
  const waiting = lengths.map((tokens) => item(tokens));
  return tokensOf(planBatch({ head: waiting[0] as Ordered, waiting, limits, cost: free, now: 0 }));
}

describe('a batch', () => {
  test('is filled with those nearest in length to the one whose turn it is', () => {
    expect(plan([10, 40, 11, 9, 12], { maxTokens: 44, maxPadding: 9 })).toEqual([10, 11, 9]);
  });

  test('of one may be longer than a pass', () => {
    expect(plan([600, 1, 1], { maxTokens: 512 })).toEqual([600]);
  });

  test('stops where padding would eat the gain', () => {
    expect(plan([10, 10, 30], { maxTokens: 1_000, maxPadding: 1.5 })).toEqual([10, 10]);
    expect(plan([10, 10, 30], { maxTokens: 1_000, maxPadding: 1.8 })).toEqual([10, 10, 30]);
  });

  test('has no more items than it may', () => {
    expect(plan([1, 1, 1, 1], { maxTokens: 100, maxItems: 3 })).toHaveLength(3);
  });

  test('takes no mate that would make somebody late', () => {
    const [head, mate, hurried] = [item(10, 25), item(10, 1_000), item(10, 15)];
    const cost = { cautiousMs: ({ paddedTokens }: { readonly paddedTokens: number }) => paddedTokens };
    const batch = planBatch({ head, waiting: [head, mate, hurried], limits: { maxTokens: 99 }, cost, now: 0 });
    // With the hurried one it would take 20 of its 15 milliseconds; with the other it takes 20 of 25.
    expect(batch).toEqual([head, mate]);
  });

  test('keeps every limit, whatever waits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 }),
        fc.record({
          maxTokens: fc.integer({ min: 1, max: 2_000 }),
          maxItems: fc.integer({ min: 1, max: 20 }),
          maxPadding: fc.double({ min: 1, max: 4, noNaN: true }),
        }),
        (lengths, limits) => {
          const waiting = lengths.map((tokens) => item(tokens));
          const batch = planBatch({ head: waiting[0] as Ordered, waiting, limits, cost: free, now: 0 });
          expect(batch[0]).toBe(waiting[0]);
          expect(new Set(batch).size).toBe(batch.length);
          if (batch.length === 1) return;
          const { paddedTokens, items } = shapeOf(batch);
          const tokens = tokensOf(batch).reduce((a, b) => a + b);
          expect(paddedTokens).toBeLessThanOrEqual(limits.maxTokens);
          expect(items).toBeLessThanOrEqual(limits.maxItems);
          expect(paddedTokens).toBeLessThanOrEqual(limits.maxPadding * tokens);
        },
      ),
    );
  });
});
