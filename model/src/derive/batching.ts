import { GPU_MEMORY_SHARE } from '../accelerator.ts';
import type { InferenceEngineFacts } from '../engine.ts';
import { Bytes, Duration } from '../units.ts';
import { MINIMUM_WARM_REPLICAS, TARGET_UTILISATION } from './capacity.ts';

// On CPUs a batch beyond 512 tokens gains nothing and delays everyone in it (measured with MiniLM at 16 to 256 tokens an
// item); on GPUs 16384 fills the device for encoders (the default of text-embeddings-inference), and 8192 is what vLLM
// gives a large device when it answers people: a longer prompt is read in pieces between the others' next tokens.
const BEST_BATCH_TOKENS = { cpu: 512, gpu: 16_384, generation: 8_192 } as const;

type Computing = Pick<InferenceEngineFacts, 'accelerator' | 'task' | 'model'>;
type Load = Pick<InferenceEngineFacts, 'tokenRate' | 'tokensPerRequest' | 'doneWithin'>;

/** Tokens in one forward pass: what the device likes best, but at least one longest input where it is read whole. */
export function maxBatchTokensFor({ accelerator, task, model }: Computing): number {
  if (task === 'generation') return BEST_BATCH_TOKENS.generation;
  return Math.max(BEST_BATCH_TOKENS[accelerator === 'cpu' ? 'cpu' : 'gpu'], model.maxTokens);
}

/** Time of one full batch: tokens / token rate. */
export function batchTime(maxBatchTokens: number, engine: Pick<Load, 'tokenRate'>): Duration {
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

/**
 * Requests that share a replica and are still done in time: more of them, and each gets less than its part of the token
 * rate. floor(tokenRate * doneWithin / tokensPerRequest).
 */
export const requestsInTimeFor = ({ tokenRate, tokensPerRequest, doneWithin }: Load): number =>
  Math.floor((tokenRate.perSecond * doneWithin.inSeconds) / tokensPerRequest);

/**
 * Running requests whose keys and values fit beside the weights: floor((memory - weights * 1.2) / (cachePerToken *
 * tokensPerRequest)). The mean is enough, since a server of language models preempts one request when all grow long.
 */
export function requestsInMemoryFor(
  cachePerToken: Bytes,
  engine: Pick<InferenceEngineFacts, 'accelerator' | 'model' | 'resources' | 'tokensPerRequest'>,
): number {
  const free = availableMemory(engine).bytes - engine.model.weights.times(WEIGHTS_FACTOR).bytes;
  return Math.floor(free / (cachePerToken.bytes * engine.tokensPerRequest));
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
export function memoryOf(engine: Computing & Pick<InferenceEngineFacts, 'resources'>): {
  readonly needed: Bytes;
  readonly available: Bytes;
} {
  const weights = engine.model.weights.times(WEIGHTS_FACTOR);
  const cache =
    'cachePerToken' in engine.model ? engine.model.cachePerToken.times(engine.model.maxTokens) : Bytes.of(0);
  const process = engine.accelerator === 'cpu' ? PROCESS_MEMORY : Bytes.of(0);
  return { needed: weights.plus(cache).plus(process), available: availableMemory(engine) };
}

const availableMemory = ({ accelerator, resources }: Pick<InferenceEngineFacts, 'accelerator' | 'resources'>): Bytes =>
  accelerator === 'cpu' ? resources.memory : accelerator.memory;

/** Share of one device that one replica may fill. */
export const deviceShareOf = ({ sharedBy }: { readonly sharedBy: number }): number =>
  Math.floor((GPU_MEMORY_SHARE / sharedBy) * 1_000) / 1_000;
