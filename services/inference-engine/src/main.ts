import { metrics } from '@opentelemetry/api';
import { listenError, portOf, runService } from '@penstock/kit';
import { inferenceEngine } from '../service.ts';
import { createApi } from './api.ts';
import { ModelPool } from './execution/model-pool.ts';
import type { Tokenized } from './models/embedder.ts';
import { LearnedBatchCost } from './scheduling/batch-cost.ts';
import { BatchScheduler } from './scheduling/batch-scheduler.ts';
import { calibrate } from './scheduling/calibrate.ts';

/** Memory of what waits. */
const MAX_QUEUE_BYTES = 64 * 1_024 * 1_024;

await runService(inferenceEngine, process, process.env, async ({ profile, env, host }) => {
  const { dimensions, maxTokens } = profile.model;
  const files = { folder: env['PENSTOCK_MODEL_DIR'], dimensions, maxTokens };
  const [tokenizer, model] = await Promise.all([
    ModelPool.start<string, Tokenized>({ part: 'tokenizer', files, processes: 1 }),
    ModelPool.start<Tokenized, Float32Array>({ part: 'embedder', files, processes: 1 }),
  ]);
  const meter = metrics.getMeter('@penstock/inference-engine');
  const batchSize = meter.createHistogram('penstock.engine.batch.size', { description: 'Texts in one forward pass' });
  const batchTokens = meter.createHistogram('penstock.engine.batch.tokens', {
    description: 'Tokens in one forward pass, without padding',
  });
  const padding = meter.createHistogram('penstock.engine.batch.padding_ratio', {
    description: 'Tokens computed by tokens of text',
  });
  const seconds = meter.createHistogram('penstock.engine.batch.duration', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] },
    description: 'Time of one forward pass',
  });
  const waited = meter.createHistogram('penstock.engine.queue.duration', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
    description: 'Time from admission to the start of a forward pass, of each text',
  });
  const lost = meter.createCounter('penstock.engine.losses', {
    description: 'Texts without an answer: overloaded, late, cancelled or failed',
  });
  const cost = new LearnedBatchCost();
  await calibrate({
    executor: model,
    cost,
    maxBatchTokens: profile.maxBatchTokens,
    inputOf: async (tokens) => {
      const text = Array.from({ length: tokens }, () => 'warm').join(' ');
      const [sample] = await tokenizer.run([text], new AbortController().signal);
      return sample as Tokenized;
    },
  });
  const scheduler = new BatchScheduler<Tokenized, Float32Array>({
    executor: model,
    cost,
    batch: { maxTokens: profile.maxBatchTokens },
    queue: { maxTokens: profile.maxQueueTokens, maxBytes: MAX_QUEUE_BYTES },
    onBatch: (batch) => {
      batchSize.record(batch.items);
      batchTokens.record(batch.tokens);
      padding.record(batch.paddedTokens / batch.tokens);
      seconds.record(batch.ms / 1_000);
      for (const ms of batch.waitedMs) waited.record(ms / 1_000);
    },
    onLoss: (reason) => lost.add(1, { reason }),
  });
  meter
    .createObservableGauge('penstock.engine.queue.tokens', { description: 'Tokens waiting' })
    .addCallback((result) => result.observe(scheduler.depth.tokens));
  const api = createApi({ profile, scheduler, tokenize: (texts, signal) => tokenizer.run(texts, signal) });
  const close = async (): Promise<void> => {
    await Promise.all([tokenizer.close(), model.close()]);
  };
  const port = portOf(env, 'PENSTOCK_HTTP_PORT', inferenceEngine.ports.http);
  try {
    await api.listen({ host, port });
  } catch (error) {
    await close();
    throw listenError(error, host, port);
  }
  return {
    http: (api.server.address() as { readonly port: number }).port,
    notReady: () => (tokenizer.ready && model.ready ? undefined : 'the model is being loaded again'),
    failed: new Promise<never>(() => {}),
    async drain() {
      await api.close();
      await close();
    },
  };
});
