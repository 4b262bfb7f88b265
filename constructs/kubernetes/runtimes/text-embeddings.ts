import type { ServedEngine, ServerProcess } from './runtime.ts';

/**
 * text-embeddings-inference 1.8. `/health` runs the model when nothing else does; `/info` only says that the process
 * answers. It listens when the model is loaded and warm. Requests beyond those it can be asked at once get 429.
 */
export const textEmbeddings = ({ engine, folder, scratch }: ServedEngine): ServerProcess => ({
  args: [
    `--model-id=${folder}`,
    `--served-model-name=${engine.model.id}`,
    '--hostname=0.0.0.0',
    `--port=${engine.service.ports.http}`,
    `--prometheus-port=${engine.service.ports.ops}`,
    `--max-batch-tokens=${engine.maxBatchTokens}`,
    `--max-concurrent-requests=${engine.maxRequests}`,
    '--auto-truncate=true',
    '--json-output',
  ],
  env: { HOME: scratch, HF_HUB_OFFLINE: '1' },
  probes: { port: 'http', startup: '/health', readiness: '/health', liveness: '/info' },
});
