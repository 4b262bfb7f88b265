import { expect, test } from '@jest/globals';
import { calibrate } from '../../../../services/inference-engine/src/scheduling/calibrate.ts';

test('a model is measured from one item to a full batch, after a round that only warms it up', async () => {
  const batches: number[] = [];
  const learnt: number[] = [];
  await calibrate({
    executor: {
      run: async (batch) => {
        batches.push(batch.length);
        return [];
      },
    },
    cost: { learn: ({ paddedTokens }) => void learnt.push(paddedTokens) },
    maxBatchTokens: 160,
    inputOf: async (tokens) => ({ tokens }),
  });
  expect(batches).toEqual([1, 3, 10, 1, 3, 10, 1, 3, 10, 1, 3, 10]);
  expect(learnt).toEqual([16, 48, 160, 16, 48, 160, 16, 48, 160]);
});
