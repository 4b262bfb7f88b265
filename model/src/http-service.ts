import { readArrivals } from './queue.ts';
import { type ResolvedResources, type ResourcesSpec, readResources } from './resources.ts';
import { readRoles } from './roles.ts';
import type { HttpServiceDeclaration } from './service.ts';
import { readService } from './service-reference.ts';
import type { SpecReader } from './spec-reader.ts';
import { Duration, type DurationInput, type Rate, type RateInput } from './units.ts';
import { readWorkTime, type WorkTime, type WorkTimeSpec } from './work-time.ts';

interface HttpServiceFactsSpec<QueueId extends string, EngineId extends string> {
  /** What the image says of itself: the service's `service.ts`. */
  readonly service: HttpServiceDeclaration;
  /** Mean rate of requests. */
  readonly arrivalRate: RateInput;
  /** Highest rate that lasts for a minute or more. @default - twice the arrival rate */
  readonly peakRate?: RateInput;
  /** How long one request takes, calls included. */
  readonly requestTime: WorkTimeSpec;
  /** Requests one replica answers at once before they slow each other down. */
  readonly requestsAtOnce: number;
  /** From request to answer, waiting included; what takes longer is cut off. */
  readonly doneWithin: DurationInput;
  /** The engine behind each role that the service calls. */
  readonly calls?: Readonly<Record<string, RequestCallSpec<EngineId>>>;
  /** The queue behind each role that the service publishes to. */
  readonly publishes?: Readonly<Record<string, RequestPublishSpec<QueueId>>>;
  /** From the decision to add a replica until it answers: node, image, start. @default '30 seconds' */
  readonly coldStart?: DurationInput;
  readonly resources?: ResourcesSpec;
}

/**
 * A service that answers requests and takes no work from a queue: an API, a receiver of webhooks, a front of an engine.
 * A request cannot wait for a replica to start, so the peak is carried warm. Only where the processors of the replicas
 * show the load, and it is known how fast the peak comes, a scaler follows it.
 */
export type HttpServiceSpec<QueueId extends string = string, EngineId extends string = string> =
  | (HttpServiceFactsSpec<QueueId, EngineId> & {
      /** What a replica that is full is short of. One that waits for others does not show it. @default 'waiting' */
      readonly limitedBy?: 'waiting';
      readonly pinned?: HttpServicePins & { readonly replicas?: number };
    })
  | (HttpServiceFactsSpec<QueueId, EngineId> & {
      /** With `requestsAtOnce` requests a replica needs the whole of `resources.cpu`. */
      readonly limitedBy: 'cpu';
      /** From the mean rate to the peak, at the fastest. */
      readonly peakWithin: DurationInput;
      readonly pinned?: HttpServicePins & { readonly minReplicas?: number; readonly maxReplicas?: number };
    });

export interface RequestCallSpec<EngineId extends string = string> {
  readonly engine: EngineId;
  /** Calls made for one request. @default 1 */
  readonly perRequest?: number;
}

export interface RequestPublishSpec<QueueId extends string = string> {
  readonly queue: QueueId;
  /** Items published for one request; below 1 where not every request makes one. @default 1 */
  readonly perRequest?: number;
}

/** Numbers fixed by the author: checked against the facts, never adjusted. */
export interface HttpServicePins {
  /** From SIGTERM to SIGKILL. @default - derived by `terminationGraceFor` */
  readonly terminationGrace?: DurationInput;
}

export interface HttpServiceFacts {
  readonly service: HttpServiceDeclaration;
  readonly arrivalRate: Rate;
  readonly peakRate: Rate;
  readonly requestTime: WorkTime;
  readonly requestsAtOnce: number;
  readonly doneWithin: Duration;
  readonly calls: readonly RequestCall[];
  readonly publishes: readonly RequestPublish[];
  readonly coldStart: Duration;
  readonly resources: ResolvedResources;
  readonly limitedBy: 'waiting' | 'cpu';
  /** Undefined where nothing follows the load. */
  readonly peakWithin: Duration | undefined;
  readonly pinned: {
    readonly minReplicas: number | undefined;
    readonly maxReplicas: number | undefined;
    readonly terminationGrace: Duration | undefined;
  };
}

export interface RequestCall {
  readonly role: string;
  readonly engine: string;
  readonly perRequest: number;
}

export interface RequestPublish {
  readonly role: string;
  readonly queue: string;
  readonly perRequest: number;
}

/** A service that answers requests, with every number it runs and scales by. */
export interface ResolvedHttpService extends Omit<HttpServiceFacts, 'pinned'> {
  readonly id: string;
  /** Name of its objects on every target. */
  readonly name: string;
  readonly minReplicas: number;
  /** The same as `minReplicas` where nothing scales it. */
  readonly maxReplicas: number;
  /** Share of the requested processor at which it is scaled. */
  readonly targetUtilisation: number;
  /** Quiet time before replicas go. */
  readonly cooldown: Duration;
  /** From SIGTERM until the requests that it has are answered. */
  readonly drain: Duration;
  readonly terminationGrace: Duration;
}

export function readHttpService(reader: SpecReader): HttpServiceFacts | undefined {
  const service = readService(reader, 'http-service');
  const limitedBy = reader.choiceOr('limitedBy', ['waiting', 'cpu'], 'waiting');
  const pinned = reader.inner('pinned', 'optional');
  const replicas = limitedBy === 'cpu' ? undefined : pinned.optionalCount('replicas');
  const facts = {
    service,
    ...readArrivals(reader),
    requestTime: readWorkTime(reader.inner('requestTime', 'required')),
    requestsAtOnce: reader.count('requestsAtOnce'),
    doneWithin: reader.unit('doneWithin', Duration),
    calls: readRoles(reader, 'calls', service, (call) =>
      call.complete<Omit<RequestCall, 'role'>>({
        engine: call.text('engine'),
        perRequest: call.amountOr('perRequest', 1),
      }),
    ),
    publishes: readRoles(reader, 'publishes', service, (publish) =>
      publish.complete<Omit<RequestPublish, 'role'>>({
        queue: publish.text('queue'),
        perRequest: publish.amountOr('perRequest', 1),
      }),
    ),
    coldStart: reader.unitOr('coldStart', Duration, '30 seconds'),
    resources: readResources(reader.inner('resources', 'optional')),
    limitedBy,
    peakWithin: limitedBy === 'cpu' ? reader.unit('peakWithin', Duration) : undefined,
    pinned: {
      minReplicas: limitedBy === 'cpu' ? pinned.optionalCount('minReplicas') : replicas,
      maxReplicas: limitedBy === 'cpu' ? pinned.optionalCount('maxReplicas') : replicas,
      terminationGrace: pinned.optionalUnit('terminationGrace', Duration),
    },
  };
  pinned.finish();
  return reader.complete<HttpServiceFacts>(facts);
}
