import { PROFILE_VARIABLE, PROFILE_VERSION, type ProfileOf, type ServiceProfile } from './profile.ts';
import type { InferenceEngineDeclaration, ServiceDeclaration } from './service.ts';
import { ModelError, type Violation, type ViolationCode } from './violations.ts';

// The service's side of `profile.ts`: what it is given is held against the shape of its kind before a number of it is used.

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
