import { describe, expect, test } from '@jest/globals';
import { nextBatch } from '../../../services/inference-engine/src/batcher.ts';

const waiting = (...items: readonly (readonly [tokens: number, deadlineAt: number])[]) =>
  items.map(([tokens, deadlineAt]) => ({ tokens, deadlineAt }));

describe('the next batch', () => {
  test('is empty when nothing waits', () => {
    expect(nextBatch([], 512)).toEqual([]);
  });

  test('is led by the earliest deadline, and those nearest in length join', () => {
    expect(nextBatch(waiting([100, 30], [10, 10], [12, 40], [90, 20]), 30)).toEqual([1, 2]);
  });

  test('counts padding', () => {
    expect(nextBatch(waiting([10, 1], [20, 2]), 39)).toEqual([0]);
    expect(nextBatch(waiting([10, 1], [20, 2]), 40)).toEqual([0, 1]);
  });

  test('lets a text longer than the cap go alone', () => {
    expect(nextBatch(waiting([900, 1], [5, 2]), 512)).toEqual([0]);
  });

  test('serves every text although shorter ones keep coming with later deadlines', () => {
    let left = waiting([200, 5]);
    for (let round = 0; round < 5 && left.some(({ tokens }) => tokens === 200); round++) {
      left = [...left, ...waiting([4, 3 + round * 2], [4, 4 + round * 2])];
      const batch = new Set(nextBatch(left, 8));
      left = left.filter((_, n) => !batch.has(n));
    }
    expect(left.some(({ tokens }) => tokens === 200)).toBe(false);
  });
});
