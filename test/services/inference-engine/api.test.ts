import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KitError } from '@penstock/kit';
import type { FastifyInstance } from 'fastify';
import { createApi } from '../../../services/inference-engine/src/api.ts';
import type { Tokenized } from '../../../services/inference-engine/src/models/embedder.ts';
import { HashedEmbedder, HashingTokenizer } from '../../../services/inference-engine/src/models/hashed.ts';
import { LearnedBatchCost } from '../../../services/inference-engine/src/scheduling/batch-cost.ts';
import { BatchScheduler, type Claim } from '../../../services/inference-engine/src/scheduling/batch-scheduler.ts';

const model = { id: 'hashed-ngrams-384', revision: '1', dimensions: 384, maxTokens: 256 };

const tokenizer = new HashingTokenizer(model.maxTokens);
const embedder = new HashedEmbedder(model.dimensions);
const schedulerOf = (): BatchScheduler<Tokenized, Float32Array> =>
  new BatchScheduler({
    executor: { lanes: 1, run: (batch) => embedder.embed(batch) },
    cost: new LearnedBatchCost(),
    batch: { maxTokens: 512 },
    queue: { maxTokens: 4_096, maxBytes: 1_000_000 },
  });

describe('the embeddings API', () => {
  let api: FastifyInstance;
  let scheduler: BatchScheduler<Tokenized, Float32Array>;

  beforeEach(() => {
    scheduler = schedulerOf();
    api = createApi({
      profile: { model, deadlineMs: 60_000 },
      scheduler,
      tokenize: async (texts) => {
        if (texts.includes('crash')) throw new KitError('engine-failed', 'the process of the model died');
        return texts.map((text) => tokenizer.tokenize(text));
      },
    });
  });

  afterEach(() => api.close());

  const post = (payload: object, headers: Record<string, string> = {}) =>
    api.inject({ method: 'POST', url: '/v1/embeddings', payload, headers });

  test('answers each text in order, with the revision of the model', async () => {
    const response = await post({ model: model.id, input: ['one', 'two words'] });
    expect(response.statusCode).toBe(200);
    expect(response.headers['x-model-revision']).toBe('1');
    const { data, usage } = response.json();
    expect(data.map(({ index }: { readonly index: number }) => index)).toEqual([0, 1]);
    expect(data[0].embedding).toHaveLength(384);
    expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
  });

  test('gives the same vector as numbers and as base64', async () => {
    const asked = { model: model.id, input: 'the same text' };
    const [numbers, base64] = [await post(asked), await post({ ...asked, encoding_format: 'base64' })];
    const bytes = Uint8Array.from(Buffer.from(base64.json().data[0].embedding, 'base64'));
    expect(Array.from(new Float32Array(bytes.buffer))).toEqual(numbers.json().data[0].embedding);
  });

  test('lists its model', async () => {
    const response = await api.inject({ url: '/v1/models' });
    expect(response.json().data).toEqual([{ id: model.id, object: 'model', owned_by: 'penstock' }]);
  });

  test.each([
    ['model', { model: 'other', input: 'x' }],
    ['input', { model: model.id, input: [] }],
    ['input', { model: model.id, input: [1] }],
    ['encoding_format', { model: model.id, input: 'x', encoding_format: 'hex' }],
    ['dimensions', { model: model.id, input: 'x', dimensions: 3 }],
  ])('rejects a wrong %s and names it', async (param, payload) => {
    const response = await post(payload);
    expect(response.statusCode).toBe(400);
    expect(response.json().error).toMatchObject({ type: 'invalid_request_error', param, code: null });
  });

  test('asks for who asks, as urgently as they say', async () => {
    const claims: Claim[] = [];
    const submit = scheduler.submit.bind(scheduler);
    scheduler.submit = (items, claim) => {
      claims.push(claim);
      return submit(items, claim);
    };
    const asked = { model: model.id, input: 'x' };
    await post(asked);
    await post(asked, { 'x-tenant': 'shop', 'x-priority': 'high' });
    expect(claims).toMatchObject([
      { tenant: 'default', priority: 'normal' },
      { tenant: 'shop', priority: 'high' },
    ]);
  });

  test.each([
    ['x-priority', 'urgent'],
    ['x-tenant', ''],
    ['x-tenant', 'a'.repeat(129)],
  ])('rejects a wrong %s and names it', async (param, value) => {
    const response = await post({ model: model.id, input: 'x' }, { [param]: value });
    expect([response.statusCode, response.json().error.param]).toEqual([400, param]);
  });

  test('rejects a deadline that is over with 504, and one that is no number with 400', async () => {
    const asked = { model: model.id, input: 'x' };
    expect((await post(asked, { 'x-request-deadline-ms': '0' })).statusCode).toBe(504);
    expect((await post(asked, { 'x-request-deadline-ms': 'soon' })).statusCode).toBe(400);
  });

  test('rejects with 503 while the model is being loaded again', async () => {
    const response = await post({ model: model.id, input: 'crash' });
    expect(response.statusCode).toBe(503);
    expect(response.json().error).toMatchObject({ type: 'server_error', code: 'engine-failed' });
  });

  test('rejects with 429 when too much waits for the tokenizer, and says when to come back', async () => {
    const release = Promise.withResolvers<void>();
    const slow = createApi({
      profile: { model, deadlineMs: 60_000 },
      scheduler: schedulerOf(),
      tokenize: async () => {
        await release.promise;
        return [];
      },
    });
    const half = { model: model.id, input: 'x'.repeat(7 * 1_024 * 1_024) };
    const ask = async (payload: object) => slow.inject({ method: 'POST', url: '/v1/embeddings', payload });
    const waiting = [ask(half), ask(half)];
    let refused = await ask(half);
    // The first two may still be read when the third comes.
    while (refused.statusCode !== 429) refused = await ask(half);
    expect(refused.headers['retry-after']).toBe('1');
    release.resolve();
    await Promise.all(waiting);
    await slow.close();
  });
});
