import type { InferenceEngineFacts } from '../engine.ts';
import { GPU_CLASSES, gpuMemory } from '../gpu.ts';
import { Bytes, Duration } from '../units.ts';
import { MINIMUM_WARM_REPLICAS, TARGET_UTILISATION } from './capacity.ts';

// On CPUs a batch beyond 512 tokens gains nothing and delays everyone in it (measured with MiniLM at 16 to 256 tokens an
// item); on GPUs 16384 fills the device for encoders (the default of text-embeddings-inference).
const BEST_BATCH_TOKENS = { cpu: 512, gpu: 16_384 } as const;

/** Tokens in one forward pass: what the device likes best, but at least one longest input. */
export function maxBatchTokensFor(engine: Pick<InferenceEngineFacts, 'accelerator' | 'model'>): number {
  return Math.max(BEST_BATCH_TOKENS[engine.accelerator === 'cpu' ? 'cpu' : 'gpu'], engine.model.maxTokens);
}

/** Time of one full batch: tokens / token rate. */
export function batchTime(maxBatchTokens: number, engine: Pick<InferenceEngineFacts, 'tokenRate'>): Duration {
  return Duration.seconds(maxBatchTokens / engine.tokenRate.perSecond);
}

/** Tokens that can wait and still be done in time: tokenRate * (doneWithin - batchTime), at least one batch. */
export function maxQueueTokensFor(
  maxBatchTokens: number,
  engine: Pick<InferenceEngineFacts, 'tokenRate' | 'doneWithin'>,
): number {
  const wait = engine.doneWithin.minus(batchTime(maxBatchTokens, engine));
  return Math.max(maxBatchTokens, Math.floor(engine.tokenRate.perSecond * wait.inSeconds));
}

/** Replicas that carry the peak: requests * tokens / (tokenRate * utilisation), at least two. */
export function engineReplicasFor(
  peakRequests: number,
  engine: Pick<InferenceEngineFacts, 'tokenRate' | 'tokensPerRequest'>,
): number {
  const tokens = peakRequests * engine.tokensPerRequest;
  return Math.max(MINIMUM_WARM_REPLICAS, Math.ceil(tokens / (engine.tokenRate.perSecond * TARGET_UTILISATION)));
}

/** Activations and fragmentation on top of the weights. */
const WEIGHTS_FACTOR = 1.2;
/** The process itself: Node, the runtime library, its arenas. */
const PROCESS_MEMORY = Bytes.parse('256 MiB');

/** What the model needs and what there is for it: device memory, or the replica's own on a CPU. */
export function memoryOf(engine: Pick<InferenceEngineFacts, 'accelerator' | 'model' | 'resources'>): {
  readonly needed: Bytes;
  readonly available: Bytes;
} {
  const weights = engine.model.weights.times(WEIGHTS_FACTOR);
  const gpu = GPU_CLASSES.find((known) => known === engine.accelerator);
  return gpu === undefined
    ? { needed: weights.plus(PROCESS_MEMORY), available: engine.resources.memory }
    : { needed: weights, available: gpuMemory(gpu) };
}
