import { type AcceleratorSpec, type ResolvedAccelerator, readAccelerator } from './accelerator.ts';
import { type ResolvedResources, type ResourcesSpec, readResources } from './resources.ts';
import type { InferenceEngineDeclaration } from './service.ts';
import { readService } from './service-reference.ts';
import type { SpecReader } from './spec-reader.ts';
import { Bytes, type BytesInput, Duration, type DurationInput, Rate, type RateInput } from './units.ts';

interface EngineFactsSpec {
  /** What the image says of itself: the service's `service.ts`, or one of the public servers. */
  readonly service: InferenceEngineDeclaration;
  /** What a replica computes on. @default 'cpu' */
  readonly accelerator?: AcceleratorSpec;
  /** Tokens one replica gets through under full load, read and written together. Measure it on that accelerator. */
  readonly tokenRate: RateInput;
  /** Mean tokens of one request, the answer's included where it has some. */
  readonly tokensPerRequest: number;
  /** Requests at peak from callers that are not declared here, e.g. through a gateway. @default '0/s' */
  readonly otherRequests?: RateInput;
  /** From request to whole answer, waiting included. */
  readonly doneWithin: DurationInput;
  /** From the decision to add a replica until its process starts: node, image. @default '30 seconds' */
  readonly coldStart?: DurationInput;
  /** From the start of the process until the model answers. @default '30 seconds' */
  readonly loadTime?: DurationInput;
  readonly resources?: ResourcesSpec;
  readonly pinned?: InferenceEnginePins;
}

/** A service that answers requests by a model. How much it has to carry follows from who calls it. */
export type InferenceEngineSpec =
  | (EngineFactsSpec & { readonly task: 'embedding'; readonly model: EmbeddingModelSpec })
  | (EngineFactsSpec & { readonly task: 'reranking'; readonly model: ModelSpec })
  | (EngineFactsSpec & { readonly task: 'generation'; readonly model: GenerativeModelSpec });

export interface ModelSpec {
  readonly id: string;
  /** An immutable revision: a digest or a version, never a moving tag. */
  readonly revision: string;
  /** Size of the weights as loaded. */
  readonly weights: BytesInput;
  /** Longest request in tokens: what is beyond is cut off, and with it what a model may write. */
  readonly maxTokens: number;
}

export interface EmbeddingModelSpec extends ModelSpec {
  /** Length of an embedding. */
  readonly dimensions: number;
}

export interface GenerativeModelSpec extends ModelSpec {
  /**
   * Device memory that one token of a running request holds: 2 * layers * key-value heads * head size * bytes of a
   * number, over all devices of a replica (Kwon et al., PagedAttention, SOSP 2023).
   */
  readonly cachePerToken: BytesInput;
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
  readonly maxTokens: number;
}

/** A task and the model for it. */
export type TaskFacts =
  | { readonly task: 'embedding'; readonly model: ModelFacts & { readonly dimensions: number } }
  | { readonly task: 'reranking'; readonly model: ModelFacts }
  | { readonly task: 'generation'; readonly model: ModelFacts & { readonly cachePerToken: Bytes } };

interface EngineFacts {
  readonly service: InferenceEngineDeclaration;
  readonly accelerator: ResolvedAccelerator;
  readonly tokenRate: Rate;
  readonly tokensPerRequest: number;
  readonly otherRequests: Rate;
  readonly doneWithin: Duration;
  readonly coldStart: Duration;
  readonly loadTime: Duration;
  readonly resources: ResolvedResources;
}

export type InferenceEngineFacts = EngineFacts &
  TaskFacts & {
    readonly pinned: { readonly maxBatchTokens: number | undefined; readonly replicas: number | undefined };
  };

/** An engine with every number it runs by. */
export type ResolvedInferenceEngine = EngineFacts &
  TaskFacts & {
    readonly id: string;
    /** Name of its objects on every target. */
    readonly name: string;
    /** Requests per second at peak, over all callers. */
    readonly peakRequests: number;
    readonly replicas: number;
    /** Tokens in one forward pass. */
    readonly maxBatchTokens: number;
    /** Requests that one replica works on at once. */
    readonly maxRequests: number;
    /** Tokens waiting at most; what comes on top could not be done in time and is refused. */
    readonly maxQueueTokens: number;
    /** Startup may take this long before the kubelet gives up: twice the load time. */
    readonly startupBudget: Duration;
    /** A rollout that has come no further for this long has failed. */
    readonly progressDeadline: Duration;
    readonly drain: Duration;
    readonly terminationGrace: Duration;
  };

export function readEngine(reader: SpecReader): InferenceEngineFacts | undefined {
  const service = readService(reader, 'inference-engine');
  const task = reader.choice('task', service?.tasks ?? ['embedding']);
  const tokenRate = reader.unit('tokenRate', Rate);
  if (tokenRate?.perSecond === 0)
    reader.report('value-out-of-range', 'tokenRate', tokenRate, 'a rate above 0', 'measure it on one replica');
  const pinned = reader.inner('pinned', 'optional');
  const facts = {
    service,
    task,
    model: readModel(reader.inner('model', 'required'), task),
    accelerator: readAccelerator(reader),
    tokenRate,
    tokensPerRequest: reader.count('tokensPerRequest'),
    otherRequests: reader.unitOr('otherRequests', Rate, '0/s'),
    doneWithin: reader.unit('doneWithin', Duration),
    coldStart: reader.unitOr('coldStart', Duration, '30 seconds'),
    loadTime: reader.unitOr('loadTime', Duration, '30 seconds'),
    resources: readResources(reader.inner('resources', 'optional')),
    pinned: { maxBatchTokens: pinned.optionalCount('maxBatchTokens'), replicas: pinned.optionalCount('replicas') },
  };
  pinned.finish();
  // The task and its model were read together above; the compiler sees two fields.
  return reader.complete<EngineFacts & { task: unknown; model: unknown; pinned: unknown }>(facts) as
    | InferenceEngineFacts
    | undefined;
}

function readModel(model: SpecReader, task: TaskFacts['task'] | undefined): TaskFacts['model'] | undefined {
  const facts = {
    id: model.text('id'),
    revision: model.text('revision'),
    weights: model.unit('weights', Bytes),
    maxTokens: model.count('maxTokens'),
  };
  switch (task) {
    case 'embedding':
      return model.complete<ModelFacts & { dimensions: number }>({ ...facts, dimensions: model.count('dimensions') });
    case 'generation':
      return model.complete<ModelFacts & { cachePerToken: Bytes }>({
        ...facts,
        cachePerToken: model.unit('cachePerToken', Bytes),
      });
    case 'reranking':
      return model.complete<ModelFacts>(facts);
    case undefined:
      // The task was reported; which fields belong to its model is not known.
      return undefined;
  }
}
