import type { BatchShape } from '../../../../services/inference-engine/src/scheduling/batch-cost.ts';
import type { BatchExecutor } from '../../../../services/inference-engine/src/scheduling/batch-scheduler.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A stand-in for a model: takes the time that its cost says, and answers each input with itself. */
export class SimulatedDevice implements BatchExecutor<number, number> {
  readonly lanes: number;
  readonly batches: (readonly number[])[] = [];
  busyMs = 0;
  readonly #clock: VirtualClock;
  readonly #costMs: (shape: BatchShape) => number;

  /** @param costMs milliseconds of a pass; an input is as long as its number says */
  constructor(clock: VirtualClock, costMs: (shape: BatchShape) => number, lanes = 1) {
    this.#clock = clock;
    this.#costMs = costMs;
    this.lanes = lanes;
  }

  async run(batch: readonly number[], signal: AbortSignal): Promise<readonly number[]> {
    this.batches.push(batch);
    const ms = this.#costMs({ items: batch.length, paddedTokens: batch.length * Math.max(...batch) });
    const startedAt = this.#clock.now();
    const stopped = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => stopped.reject(signal.reason), { once: true });
    try {
      await Promise.race([this.#clock.sleep(ms), stopped.promise]);
    } finally {
      this.busyMs += this.#clock.now() - startedAt;
    }
    return batch;
  }
}
