import type {
  HttpServiceDeclaration,
  InferenceEngineDeclaration,
  InferenceTask,
  JobDeclaration,
  ServiceDeclaration,
  WorkerDeclaration,
} from './service.ts';

// The numbers one service runs with, as they travel in `PENSTOCK_PROFILE`. Wire form: JSON, plain numbers whose names
// carry their unit. Infrastructure encodes, the service parses.

/** The environment variable that carries the profile. */
export const PROFILE_VARIABLE = 'PENSTOCK_PROFILE';

/** The environment variable that carries the address of the engine in a role, e.g. `PENSTOCK_ENGINE_EMBEDDER`. */
export const engineVariable = (role: string): string => `PENSTOCK_ENGINE_${role.toUpperCase().replaceAll('-', '_')}`;

/** Raised when a reader of the previous version could misread the new one. */
export const PROFILE_VERSION = 1;

export type Durability = 'fsync' | 'replicated' | 'best-effort';

/** One queue as a driver needs it: names on the broker and every number its consumer is created with. */
export interface QueueProfile {
  /** Logical id in the declaration. */
  readonly id: string;
  readonly stream: string;
  readonly subject: string;
  readonly consumer: string;
  readonly deadLetterStream: string;
  readonly deadLetterSubject: string;
  readonly durability: Durability;
  /** A lease: the time a worker owns an item before it is delivered again. */
  readonly ackWaitMs: number;
  /** In flight over all replicas. */
  readonly maxAckPending: number;
  /** Deliveries before an item goes to the dead letters. */
  readonly maxAttempts: number;
  /** Wait before attempt n + 1, by n - 1; the last one repeats. */
  readonly backoffMs: readonly number[];
  readonly maxItemBytes: number;
  /** How long the broker refuses a second publish of the same key. */
  readonly duplicateWindowMs: number;
  /** How long the effect store remembers that an item was applied. */
  readonly idempotencyWindowMs: number;
  /** An item not taken for this long is dropped by the broker. */
  readonly retentionMs: number;
  /** From publish to effect. */
  readonly doneWithinMs: number;
}

/** One engine as a caller needs it; its address comes by the environment, since it is known only after deployment. */
export interface CallProfile {
  readonly engine: string;
  readonly model: string;
  /** Longest a call may take before it is given up. */
  readonly deadlineMs: number;
}

interface CommonProfile {
  readonly version: typeof PROFILE_VERSION;
  readonly topology: string;
  /** Identity of the resolved topology these numbers were derived in. */
  readonly revision: string;
  /** Logical id of this workload in the declaration. */
  readonly id: string;
  readonly service: string;
  /** Fingerprint of the `service.ts` that infrastructure was synthesized with. */
  readonly fingerprint: string;
  /** From SIGTERM until work in progress is handed back. */
  readonly drainMs: number;
}

/** Whether a worker waits for work for ever, or ends when its queue is empty: the container of a job. */
export type WorkerLifetime = 'endless' | 'until-empty';

export interface WorkerProfile extends CommonProfile {
  readonly kind: 'worker';
  readonly lifetime: WorkerLifetime;
  readonly queue: QueueProfile;
  /** Items worked on at once by one replica. */
  readonly concurrency: number;
  /** Items held by one replica, being worked on or waiting. */
  readonly prefetch: number;
  readonly calls: Readonly<Record<string, CallProfile>>;
}

interface EngineNumbers extends CommonProfile {
  readonly kind: 'inference-engine';
  /** Tokens in one forward pass, padding included. */
  readonly maxBatchTokens: number;
  /** Tokens waiting at most; what comes on top is refused with 429. */
  readonly maxQueueTokens: number;
  /** A request without a deadline of its own gets this one. */
  readonly deadlineMs: number;
}

interface ServedModel {
  readonly id: string;
  readonly revision: string;
  /** Longest input; what is beyond is cut off. */
  readonly maxTokens: number;
}

export type InferenceEngineProfile =
  | (EngineNumbers & { readonly task: 'embedding'; readonly model: ServedModel & { readonly dimensions: number } })
  | (EngineNumbers & { readonly task: Exclude<InferenceTask, 'embedding'>; readonly model: ServedModel });

interface PublisherProfile extends CommonProfile {
  readonly calls: Readonly<Record<string, CallProfile>>;
  /** The queues it publishes to, by role, as a driver binds them. */
  readonly publishes: Readonly<Record<string, QueueProfile>>;
}

export interface HttpServiceProfile extends PublisherProfile {
  readonly kind: 'http-service';
  /** Requests one replica answers at once; what comes on top makes all of them slower. */
  readonly requestsAtOnce: number;
  /** A request that takes longer is of no use to its caller any more. */
  readonly deadlineMs: number;
}

export interface JobProfile extends PublisherProfile {
  readonly kind: 'job';
  /** From the start of a run until it is given up, all attempts included. */
  readonly deadlineMs: number;
}

export type ServiceProfile = WorkerProfile | InferenceEngineProfile | HttpServiceProfile | JobProfile;

/** The profile of the kind of service that `D` declares. */
export type ProfileOf<D extends ServiceDeclaration> = D extends WorkerDeclaration
  ? WorkerProfile
  : D extends InferenceEngineDeclaration<infer Tasks>
    ? Extract<InferenceEngineProfile, { readonly task: Tasks[number] }>
    : D extends HttpServiceDeclaration
      ? HttpServiceProfile
      : D extends JobDeclaration
        ? JobProfile
        : never;

export function encodeProfile(profile: ServiceProfile): string {
  return JSON.stringify(profile);
}
