import { type ResolvedResources, type ResourcesSpec, readResources } from './resources.ts';
import { readRoles } from './roles.ts';
import type { WorkerDeclaration } from './service.ts';
import { readService } from './service-reference.ts';
import type { SpecReader } from './spec-reader.ts';
import { Duration, type DurationInput, type Rate } from './units.ts';
import { readWorkTime, type WorkTime, type WorkTimeSpec } from './work-time.ts';

interface WorkerFactsSpec<QueueId extends string, EngineId extends string> {
  /** What the image says of itself: the service's `service.ts`. */
  readonly service: WorkerDeclaration;
  /** The queue it takes from. One queue has one kind of worker. */
  readonly queue: QueueId;
  readonly workTime: WorkTimeSpec;
  /** Items one replica works on at once before they slow each other down. @default 1 */
  readonly itemsAtOnce?: number;
  /** The engine behind each role that the service calls. */
  readonly calls?: Readonly<Record<string, CallSpec<EngineId>>>;
  /** From the decision to add a replica until it takes its first item: node, image, start. @default '30 seconds' */
  readonly coldStart?: DurationInput;
  readonly resources?: ResourcesSpec;
}

/**
 * A service that takes work from a queue. `idle` says what is left when there is nothing to do; only a worker that
 * keeps replicas warm can have their number pinned.
 */
export type WorkerSpec<QueueId extends string = string, EngineId extends string = string> =
  | (WorkerFactsSpec<QueueId, EngineId> & {
      /** @default 'keep-warm' */
      readonly idle?: 'keep-warm';
      readonly pinned?: WorkerPins & { readonly minReplicas?: number };
    })
  | (WorkerFactsSpec<QueueId, EngineId> & {
      readonly idle: 'scale-to-zero';
      readonly pinned?: WorkerPins;
    });

export interface CallSpec<EngineId extends string = string> {
  readonly engine: EngineId;
  /** Calls made for one item. @default 1 */
  readonly perItem?: number;
}

/** Numbers fixed by the author: checked against the facts, never adjusted. */
export interface WorkerPins {
  /** Longer than p99, or healthy work is delivered twice. @default - derived by `ackWaitFor` */
  readonly ackWait?: DurationInput;
  /** Items one replica holds. @default - derived by `prefetchFor` */
  readonly prefetch?: number;
  /** In flight over all replicas. @default - prefetch times the most replicas */
  readonly maxAckPending?: number;
  /** @default - derived by `replicaBoundsFor` */
  readonly maxReplicas?: number;
  /** Quiet time before the last replicas go. @default - derived by `cooldownFor` */
  readonly cooldown?: DurationInput;
  /** From SIGTERM to SIGKILL. @default - derived by `terminationGraceFor` */
  readonly terminationGrace?: DurationInput;
}

export interface WorkerFacts {
  readonly service: WorkerDeclaration;
  readonly queue: string;
  readonly workTime: WorkTime;
  readonly itemsAtOnce: number;
  readonly calls: readonly CallFacts[];
  readonly coldStart: Duration;
  readonly idle: 'keep-warm' | 'scale-to-zero';
  readonly resources: ResolvedResources;
  readonly pinned: {
    readonly ackWait: Duration | undefined;
    readonly prefetch: number | undefined;
    readonly maxAckPending: number | undefined;
    readonly minReplicas: number | undefined;
    readonly maxReplicas: number | undefined;
    readonly cooldown: Duration | undefined;
    readonly terminationGrace: Duration | undefined;
  };
}

export interface CallFacts {
  readonly role: string;
  readonly engine: string;
  readonly perItem: number;
}

/** A worker with every number it runs and scales by. */
export interface ResolvedWorker extends Omit<WorkerFacts, 'pinned'> {
  readonly id: string;
  /** Name of its objects on every target. */
  readonly name: string;
  /** Durable consumer on the broker. */
  readonly consumer: string;
  /** Items worked on at once by one replica. */
  readonly concurrency: number;
  /** Items held by one replica, being worked on or waiting. */
  readonly prefetch: number;
  readonly ackWait: Duration;
  readonly maxAckPending: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Lag a replica can hold and still keep the promise: the scaler's target. */
  readonly lagThreshold: number;
  /** Arrivals a replica can carry: the scaler's target where it sees how fast work comes. */
  readonly ratePerReplica: Rate;
  /** Between two looks of the scaler while there is no replica. */
  readonly pollingInterval: Duration;
  readonly cooldown: Duration;
  /** From SIGTERM until work in progress is handed back. */
  readonly drain: Duration;
  readonly terminationGrace: Duration;
}

export function readWorker(reader: SpecReader): WorkerFacts | undefined {
  const service = readService(reader, 'worker');
  const idle = reader.choiceOr('idle', ['keep-warm', 'scale-to-zero'], 'keep-warm');
  const pinned = reader.inner('pinned', 'optional');
  const facts = {
    service,
    queue: reader.text('queue'),
    workTime: readWorkTime(reader.inner('workTime', 'required')),
    itemsAtOnce: reader.countOr('itemsAtOnce', 1),
    calls: readRoles(reader, 'calls', service, (call) =>
      call.complete<Omit<CallFacts, 'role'>>({ engine: call.text('engine'), perItem: call.countOr('perItem', 1) }),
    ),
    coldStart: reader.unitOr('coldStart', Duration, '30 seconds'),
    idle,
    resources: readResources(reader.inner('resources', 'optional')),
    pinned: {
      ackWait: pinned.optionalUnit('ackWait', Duration),
      prefetch: pinned.optionalCount('prefetch'),
      maxAckPending: pinned.optionalCount('maxAckPending'),
      minReplicas: idle === 'scale-to-zero' ? undefined : pinned.optionalCount('minReplicas'),
      maxReplicas: pinned.optionalCount('maxReplicas'),
      cooldown: pinned.optionalUnit('cooldown', Duration),
      terminationGrace: pinned.optionalUnit('terminationGrace', Duration),
    },
  };
  pinned.finish();
  return reader.complete<WorkerFacts>(facts);
}
