import type { BatchCost, BatchShape } from './batch-cost.ts';
import type { BatchExecutor } from './batch-scheduler.ts';

export interface CalibrateOptions<Input> {
  readonly executor: Pick<BatchExecutor<Input, unknown>, 'run'>;
  readonly cost: Pick<BatchCost, 'learn'>;
  readonly maxBatchTokens: number;
  /** An input of about so many tokens. */
  readonly inputOf: (tokens: number) => Promise<Input & { readonly tokens: number }>;
}

/** Items of a sample: short ones, as most are. */
const SAMPLE_TOKENS = 16;
const ROUNDS = 3;

/**
 * Measures passes from one item to a full batch before anybody waits for one, so that the first requests are admitted by
 * what this machine can do. It also warms the model up: the first pass of a size allocates, and does not count.
 */
export async function calibrate<Input>(options: CalibrateOptions<Input>): Promise<void> {
  const { executor, cost, maxBatchTokens, inputOf } = options;
  const input = await inputOf(Math.min(SAMPLE_TOKENS, maxBatchTokens));
  const most = Math.max(1, Math.floor(maxBatchTokens / input.tokens));
  const signal = new AbortController().signal;
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const items of new Set([1, Math.ceil(most / 4), most])) {
      const startedAt = performance.now();
      await executor.run(
        Array.from({ length: items }, () => input),
        signal,
      );
      const shape: BatchShape = { items, paddedTokens: items * input.tokens };
      if (round > 0) cost.learn(shape, performance.now() - startedAt);
    }
  }
}
