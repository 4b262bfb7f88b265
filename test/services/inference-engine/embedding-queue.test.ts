import { describe, expect, test } from '@jest/globals';
import { Deadline, KitError } from '@penstock/kit';
import type { Tokenized } from '../../../services/inference-engine/src/embedder.ts';
import { EmbeddingQueue } from '../../../services/inference-engine/src/embedding-queue.ts';

const text = (tokens: number, id = 1): Tokenized => ({ tokens, ids: [id] });
const later = Deadline.at(Number.MAX_SAFE_INTEGER);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Computes nothing until it is told to, and answers each text with its first id. */
class GatedExecutor {
  readonly batches: (readonly number[])[] = [];
  readonly #gate = Promise.withResolvers<void>();

  open(): void {
    this.#gate.resolve();
  }

  async embed(batch: readonly Tokenized[]): Promise<readonly Float32Array[]> {
    const ids = batch.map(({ ids: [id] }) => id as number);
    this.batches.push(ids);
    await this.#gate.promise;
    if (ids.includes(13)) throw new KitError('engine-failed', 'unlucky');
    return ids.map((id) => Float32Array.of(id));
  }
}

function gatedQueue(maxQueueTokens = 100): { readonly queue: EmbeddingQueue; readonly executor: GatedExecutor } {
  const executor = new GatedExecutor();
  return { executor, queue: new EmbeddingQueue({ executor, maxBatchTokens: 40, maxQueueTokens }) };
}

describe('the embedding queue', () => {
  test('starts a lone text at once and gathers the next batch meanwhile', async () => {
    const { queue, executor } = gatedQueue();
    const first = queue.embed([text(10, 1)], later);
    await turn();
    const others = [queue.embed([text(10, 2)], later), queue.embed([text(10, 3)], later)];
    await turn();
    expect(executor.batches).toEqual([[1]]);
    executor.open();
    expect(await Promise.all([first, ...others])).toEqual([
      [Float32Array.of(1)],
      [Float32Array.of(2)],
      [Float32Array.of(3)],
    ]);
    expect(executor.batches).toEqual([[1], [2, 3]]);
  });

  test('fails only the text that breaks a batch', async () => {
    const { queue, executor } = gatedQueue();
    executor.open();
    const results = await Promise.allSettled([1, 13, 2, 3].map((id) => queue.embed([text(10, id)], later)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(queue.waitingTokens).toBe(0);
  });

  test('rejects what finds no room', async () => {
    const { queue, executor } = gatedQueue(20);
    const running = queue.embed([text(10)], later);
    await turn();
    const waiting = queue.embed([text(15)], later);
    await expect(queue.embed([text(6)], later)).rejects.toMatchObject({ code: 'engine-overloaded', retryable: true });
    executor.open();
    await Promise.all([running, waiting]);
  });

  test('rejects what is past its deadline on arrival', async () => {
    await expect(gatedQueue().queue.embed([text(1)], Deadline.at(0))).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
  });

  test('forgets the texts of a client that went away while they waited', async () => {
    const { queue, executor } = gatedQueue();
    const running = queue.embed([text(10, 1)], later);
    await turn();
    const client = new AbortController();
    const abandoned = queue.embed([text(10, 2)], later, client.signal);
    client.abort(new KitError('request-refused', 'gone'));
    await expect(abandoned).rejects.toMatchObject({ code: 'request-refused' });
    expect(queue.waitingTokens).toBe(0);
    executor.open();
    await running;
    await turn();
    expect(executor.batches).toEqual([[1]]);
  });

  test('rejects the texts of a client that was gone before they came', async () => {
    const { queue, executor } = gatedQueue();
    const gone = AbortSignal.abort(new KitError('request-refused', 'gone'));
    await expect(queue.embed([text(10)], later, gone)).rejects.toMatchObject({ code: 'request-refused' });
    await turn();
    expect(executor.batches).toEqual([]);
  });
});
