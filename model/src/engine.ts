import { GPU_CLASSES, type GpuClass } from './gpu.ts';
import { type ResolvedResources, type ResourcesSpec, readResources } from './resources.ts';
import type { InferenceEngineDeclaration, InferenceTask } from './service.ts';
import { readService } from './service-reference.ts';
import type { SpecReader } from './spec-reader.ts';
import { Bytes, type BytesInput, Duration, type DurationInput, Rate, type RateInput } from './units.ts';

/** A service that answers requests by a model. How much it has to carry follows from the workers that call it. */
export interface InferenceEngineSpec {
  /** What the image says of itself: the service's `service.ts`. */
  readonly service: InferenceEngineDeclaration;
  readonly task: InferenceTask;
  readonly model: ModelSpec;
  /** What a replica computes on. @default 'cpu' */
  readonly accelerator?: GpuClass | 'cpu';
  /** Tokens one replica gets through in full batches. Measure it on that accelerator. */
  readonly tokenRate: RateInput;
  /** Mean tokens of one request. */
  readonly tokensPerRequest: number;
  /** From request to answer, waiting included. */
  readonly doneWithin: DurationInput;
  /** From the start of the process until the model answers. @default '30 seconds' */
  readonly loadTime?: DurationInput;
  readonly resources?: ResourcesSpec;
  readonly pinned?: InferenceEnginePins;
}

export interface ModelSpec {
  readonly id: string;
  /** An immutable revision: a digest or a version, never a moving tag. */
  readonly revision: string;
  /** Size of the weights as loaded. */
  readonly weights: BytesInput;
  /** Length of an embedding. */
  readonly dimensions: number;
  /** Longest input; what is beyond is cut off. */
  readonly maxTokens: number;
}

export interface InferenceEnginePins {
  /** Tokens in one forward pass, padding included. @default - derived by `maxBatchTokensFor` */
  readonly maxBatchTokens?: number;
  /** @default - derived by `engineReplicasFor` */
  readonly replicas?: number;
}

export interface ModelFacts {
  readonly id: string;
  readonly revision: string;
  readonly weights: Bytes;
  readonly dimensions: number;
  readonly maxTokens: number;
}

export interface InferenceEngineFacts {
  readonly service: InferenceEngineDeclaration;
  readonly task: InferenceTask;
  readonly model: ModelFacts;
  readonly accelerator: GpuClass | 'cpu';
  readonly tokenRate: Rate;
  readonly tokensPerRequest: number;
  readonly doneWithin: Duration;
  readonly loadTime: Duration;
  readonly resources: ResolvedResources;
  readonly pinned: { readonly maxBatchTokens: number | undefined; readonly replicas: number | undefined };
}

/** An engine with every number it runs by. */
export interface ResolvedInferenceEngine extends Omit<InferenceEngineFacts, 'pinned'> {
  readonly id: string;
  /** Name of its objects on every target. */
  readonly name: string;
  /** Requests per second at peak, over all callers. */
  readonly peakRequests: number;
  readonly replicas: number;
  readonly maxBatchTokens: number;
  /** Tokens waiting at most; what comes on top could not be done in time and is refused. */
  readonly maxQueueTokens: number;
  /** Startup may take this long before the kubelet gives up: twice the load time. */
  readonly startupBudget: Duration;
  readonly drain: Duration;
  readonly terminationGrace: Duration;
}

export function readEngine(reader: SpecReader): InferenceEngineFacts | undefined {
  const service = readService(reader, 'inference-engine');
  const model = reader.inner('model', 'required');
  const tokenRate = reader.unit('tokenRate', Rate);
  if (tokenRate?.perSecond === 0)
    reader.report('value-out-of-range', 'tokenRate', tokenRate, 'a rate above 0', 'measure it on one replica');
  const pinned = reader.inner('pinned', 'optional');
  const facts = {
    service,
    task: reader.choice('task', service?.tasks ?? ['embedding']),
    model: model.complete<ModelFacts>({
      id: model.text('id'),
      revision: model.text('revision'),
      weights: model.unit('weights', Bytes),
      dimensions: model.count('dimensions'),
      maxTokens: model.count('maxTokens'),
    }),
    accelerator: reader.choiceOr('accelerator', ['cpu', ...GPU_CLASSES], 'cpu'),
    tokenRate,
    tokensPerRequest: reader.count('tokensPerRequest'),
    doneWithin: reader.unit('doneWithin', Duration),
    loadTime: reader.unitOr('loadTime', Duration, '30 seconds'),
    resources: readResources(reader.inner('resources', 'optional')),
    pinned: { maxBatchTokens: pinned.optionalCount('maxBatchTokens'), replicas: pinned.optionalCount('replicas') },
  };
  pinned.finish();
  return reader.complete<InferenceEngineFacts>(facts);
}
