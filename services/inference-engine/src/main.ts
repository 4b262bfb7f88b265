import { metrics } from '@opentelemetry/api';
import { listenError, portOf, runService } from '@penstock/kit';
import { inferenceEngine } from '../service.ts';
import { createApi } from './api.ts';
import type { Tokenized } from './embedder.ts';
import { ModelWorker } from './model-worker.ts';
import { LearnedBatchCost } from './scheduling/batch-cost.ts';
import { BatchScheduler } from './scheduling/batch-scheduler.ts';
import { calibrate } from './scheduling/calibrate.ts';

/** Memory of what waits. */
const MAX_QUEUE_BYTES = 64 * 1_024 * 1_024;

/** A text of about so many tokens. */
async function sample(model: ModelWorker, tokens: number): Promise<Tokenized> {
  const [text] = await model.tokenize([Array.from({ length: tokens }, () => 'warm').join(' ')]);
  return text as Tokenized;
}

await runService(inferenceEngine, process, process.env, async ({ profile, env, host }) => {
  const { dimensions, maxTokens } = profile.model;
  const model = await ModelWorker.start({ folder: env['PENSTOCK_MODEL_DIR'], dimensions, maxTokens });
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
  const executor = { lanes: 1, run: (batch: readonly Tokenized[]) => model.embed(batch) };
  const cost = new LearnedBatchCost();
  await calibrate({
    executor,
    cost,
    maxBatchTokens: profile.maxBatchTokens,
    inputOf: (tokens) => sample(model, tokens),
  });
  const scheduler = new BatchScheduler<Tokenized, Float32Array>({
    executor,
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
  const api = createApi({ profile, scheduler, tokenize: (texts) => model.tokenize(texts) });
  const port = portOf(env, 'PENSTOCK_HTTP_PORT', inferenceEngine.ports.http);
  try {
    await api.listen({ host, port });
  } catch (error) {
    await model.close();
    throw listenError(error, host, port);
  }
  return {
    http: (api.server.address() as { readonly port: number }).port,
    notReady: () => (model.ready ? undefined : 'the model is being loaded again'),
    failed: new Promise<never>(() => {}),
    async drain() {
      await api.close();
      await model.close();
    },
  };
});
