import type {
  HttpServiceDeclaration,
  InferenceEngineDeclaration,
  InferenceTask,
  JobDeclaration,
  ServiceDeclaration,
  WorkerDeclaration,
} from './service.ts';
import { ModelError, type Violation, type ViolationCode } from './violations.ts';

// The numbers one service runs with, as they travel in `PENSTOCK_PROFILE`. Wire form: JSON, plain numbers whose names
// carry their unit. Infrastructure encodes, the service parses; both sides are this file.

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

type Shape = { readonly [key: string]: Field };
type Field = 'string' | 'count' | 'milliseconds' | 'durability' | 'lifetime' | 'backoff' | 'calls' | 'queues' | Shape;

const QUEUE: Shape = {
  id: 'string',
  stream: 'string',
  subject: 'string',
  consumer: 'string',
  deadLetterStream: 'string',
  deadLetterSubject: 'string',
  durability: 'durability',
  ackWaitMs: 'milliseconds',
  maxAckPending: 'count',
  maxAttempts: 'count',
  backoffMs: 'backoff',
  maxItemBytes: 'count',
  duplicateWindowMs: 'milliseconds',
  idempotencyWindowMs: 'milliseconds',
  retentionMs: 'milliseconds',
  doneWithinMs: 'milliseconds',
};

const COMMON: Shape = {
  topology: 'string',
  revision: 'string',
  id: 'string',
  service: 'string',
  drainMs: 'milliseconds',
};

const PUBLISHER: Shape = { ...COMMON, calls: 'calls', publishes: 'queues' };

const SHAPES: Readonly<Record<ServiceProfile['kind'], Shape>> = {
  worker: { ...COMMON, lifetime: 'lifetime', queue: QUEUE, concurrency: 'count', prefetch: 'count', calls: 'calls' },
  'inference-engine': {
    ...COMMON,
    task: 'string',
    model: { id: 'string', revision: 'string', maxTokens: 'count' },
    maxBatchTokens: 'count',
    maxQueueTokens: 'count',
    deadlineMs: 'milliseconds',
  },
  'http-service': { ...PUBLISHER, requestsAtOnce: 'count', deadlineMs: 'milliseconds' },
  job: { ...PUBLISHER, deadlineMs: 'milliseconds' },
};

/** What stands behind each role of a record. */
const ROLES: Readonly<Record<'calls' | 'queues', Shape>> = {
  calls: { engine: 'string', model: 'string', deadlineMs: 'milliseconds' },
  queues: QUEUE,
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isMilliseconds = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const SCALARS: Readonly<
  Record<Exclude<Field, Shape | keyof typeof ROLES>, readonly [string, (value: unknown) => boolean]>
> = {
  string: ['a non-empty string', (v) => typeof v === 'string' && v !== ''],
  count: ['a whole number of at least 1', (v) => Number.isSafeInteger(v) && (v as number) >= 1],
  milliseconds: ['whole milliseconds, 0 or more', isMilliseconds],
  durability: ['fsync, replicated or best-effort', (v) => v === 'fsync' || v === 'replicated' || v === 'best-effort'],
  lifetime: ['endless or until-empty', (v) => v === 'endless' || v === 'until-empty'],
  backoff: ['a list of whole milliseconds', (v) => Array.isArray(v) && v.length > 0 && v.every(isMilliseconds)],
};

/**
 * Reads a profile and holds it against the declaration that the service was built with.
 *
 * @param text the value of `PENSTOCK_PROFILE`
 * @throws {ModelError} `profile-missing`, `profile-malformed` (every bad field), `profile-version-unsupported`, or
 *   `profile-mismatch` when the manifests were synthesized from another `service.ts` than the image carries
 */
export function parseProfile<D extends ServiceDeclaration>(text: string | undefined, declaration: D): ProfileOf<D> {
  if (text === undefined || text === '') {
    throw fault(
      'profile-missing',
      PROFILE_VARIABLE,
      'nothing',
      `the profile of ${declaration.name} as JSON`,
      'start the service by its manifests or by `penstock up`, which set it',
    );
  }
  const value = parseJson(text);
  if (!isRecord(value))
    throw fault(
      'profile-malformed',
      PROFILE_VARIABLE,
      excerpt(text),
      'a JSON object',
      'synthesize the manifests again',
    );
  if (value['version'] !== PROFILE_VERSION) {
    throw fault(
      'profile-version-unsupported',
      `${PROFILE_VARIABLE}.version`,
      JSON.stringify(value['version']) ?? 'nothing',
      String(PROFILE_VERSION),
      'deploy the image and the manifests of the same release',
    );
  }
  if (
    value['fingerprint'] !== declaration.fingerprint ||
    value['service'] !== declaration.name ||
    value['kind'] !== declaration.kind
  ) {
    throw fault(
      'profile-mismatch',
      `${PROFILE_VARIABLE}.fingerprint`,
      `${value['kind']} ${value['service']} ${value['fingerprint']}`,
      `${declaration.kind} ${declaration.name} ${declaration.fingerprint}`,
      'the image and the manifests declare different services: build the image at the commit the manifests were synthesized from',
    );
  }
  const faults: Violation[] = [];
  checkShape(PROFILE_VARIABLE, value, SHAPES[declaration.kind], faults);
  if (declaration.kind === 'inference-engine') checkTask(value, declaration, faults);
  const [first, ...rest] = faults;
  if (first !== undefined) throw new ModelError([first, ...rest]);
  return value as unknown as ProfileOf<D>;
}

/** The task is one of the declared ones, and its model has what the task needs. */
function checkTask(
  { task, model }: Readonly<Record<string, unknown>>,
  { tasks }: InferenceEngineDeclaration,
  faults: Violation[],
): void {
  if (!tasks.some((known) => known === task)) {
    const path = `${PROFILE_VARIABLE}.task`;
    faults.push(
      violation('profile-malformed', path, String(task), tasks.join(' or '), 'synthesize the manifests again'),
    );
  }
  if (task === 'embedding') checkShape(`${PROFILE_VARIABLE}.model`, model, { dimensions: 'count' }, faults);
}

function checkShape(path: string, value: unknown, shape: Shape, faults: Violation[]): void {
  const record = isRecord(value) ? value : {};
  for (const [key, field] of Object.entries(shape)) {
    const at = `${path}.${key}`;
    const inner = record[key];
    if (typeof field === 'object') {
      checkShape(at, inner, field, faults);
    } else if (field === 'calls' || field === 'queues') {
      for (const [role, entry] of Object.entries(isRecord(inner) ? inner : {}))
        checkShape(`${at}.${role}`, entry, ROLES[field], faults);
    } else {
      const [expected, test] = SCALARS[field];
      if (!test(inner))
        faults.push(
          violation(
            'profile-malformed',
            at,
            JSON.stringify(inner) ?? 'nothing',
            expected,
            'synthesize the manifests again',
          ),
        );
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const excerpt = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);

function violation(code: ViolationCode, path: string, received: string, expected: string, repair: string): Violation {
  return { code, path, received, expected, repair };
}

function fault(...args: Parameters<typeof violation>): ModelError {
  return new ModelError([violation(...args)]);
}
