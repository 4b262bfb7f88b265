import { metrics } from '@opentelemetry/api';
import { listenError, portOf, runService } from '@penstock/kit';
import { inferenceEngine } from '../service.ts';
import { createApi } from './api.ts';
import { EmbeddingQueue } from './embedding-queue.ts';
import { ModelWorker } from './model-worker.ts';

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
  const queue = new EmbeddingQueue({
    executor: model,
    maxBatchTokens: profile.maxBatchTokens,
    maxQueueTokens: profile.maxQueueTokens,
    onBatch: (batch) => {
      batchSize.record(batch.size);
      batchTokens.record(batch.tokens);
      padding.record(batch.paddedTokens / batch.tokens);
      seconds.record(batch.seconds);
    },
  });
  meter
    .createObservableGauge('penstock.engine.queue.tokens', { description: 'Tokens waiting' })
    .addCallback((result) => result.observe(queue.waitingTokens));
  const api = createApi({ profile, queue, tokenize: (texts) => model.tokenize(texts) });
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
