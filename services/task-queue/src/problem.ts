import { KitError, type KitErrorCode } from '@penstock/kit';
import { z } from 'zod';

/** What each fault of the kit is to a client. One table: a code that is added must be placed here. */
export const STATUS: Readonly<Record<KitErrorCode, number>> = {
  'queue-missing': 404,
  'queue-mismatch': 503,
  'item-too-large': 413,
  'item-malformed': 400,
  'lease-lost': 409,
  'topic-missing': 404,
  'topic-mismatch': 503,
  'record-malformed': 400,
  'partition-lost': 409,
  'producer-fenced': 409,
  'offset-gone': 410,
  'group-busy': 409,
  'lead-lost': 409,
  'event-fenced': 409,
  'stream-conflict': 409,
  'projection-active': 409,
  'saga-malformed': 503,
  'processor-malformed': 503,
  'saga-missing': 404,
  'saga-moved': 409,
  'job-missing': 404,
  'blob-missing': 404,
  'job-malformed': 422,
  'task-unknown': 422,
  'tasks-malformed': 503,
  'redrive-refused': 409,
  'schedule-missing': 404,
  'schedule-refused': 409,
  'step-repeated': 409,
  'batch-mismatched': 409,
  'key-missing': 503,
  'key-malformed': 503,
  'queue-full': 429,
  'store-unreachable': 503,
  'store-missing': 503,
  'store-mismatch': 503,
  'store-refused': 503,
  'effect-fenced': 409,
  'bus-unreachable': 503,
  'bus-refused': 503,
  'bus-closed': 503,
  'storage-corrupt': 503,
  'storage-full': 507,
  'storage-failed': 503,
  'port-in-use': 503,
  'address-missing': 503,
  'address-malformed': 503,
  'deadline-exceeded': 504,
  'engine-overloaded': 503,
  'engine-failed': 502,
  'request-refused': 400,
  'server-overloaded': 503,
  'model-missing': 503,
  'schema-malformed': 503,
  'schema-missing': 503,
  'schema-incompatible': 503,
  'event-malformed': 422,
  'registry-unreachable': 503,
  'registry-refused': 503,
};

/** One thing that is wrong with a request. */
export interface Fault {
  /** Where, e.g. `body.payload.order` or `header.idempotency-key`. */
  readonly path: string;
  readonly received: string;
  readonly expected: string;
}

/** A request that is wrong in itself: every fault of it, and the status where the code alone does not say it. */
export class RefusedRequest extends KitError {
  readonly faults: readonly Fault[];
  readonly status: number;

  constructor(faults: readonly Fault[], status = 400) {
    const all = faults.map(({ path, received, expected }) => `${path}: received ${received}, expected ${expected}`);
    super('request-refused', all.join('; '), { repair: 'correct what is named; nothing was done' });
    this.faults = faults;
    this.status = status;
  }
}

/** RFC 9457. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    repair: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), received: z.string(), expected: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

export interface ProblemReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: z.output<typeof Problem>;
}

/** Seconds after which a client may ask again where nobody said when. */
const DEFAULT_RETRY_AFTER_MS = 1_000;
const MOST_FAULTS = 50;

export function problemOf(error: unknown, instance: string): ProblemReply {
  const fault = kitErrorOf(error);
  const status = fault instanceof RefusedRequest ? fault.status : STATUS[fault.code];
  const asksAgain = status === 429 || status === 503;
  const retryAfterMs = fault.retryAfterMs ?? (asksAgain ? DEFAULT_RETRY_AFTER_MS : undefined);
  return {
    status,
    headers: retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) },
    body: {
      type: `urn:penstock:problem:${fault.code}`,
      title: fault.code.replaceAll('-', ' '),
      status,
      detail: fault.message,
      instance,
      code: fault.code,
      retryable: fault.retryable,
      ...(fault.repair === undefined ? {} : { repair: fault.repair }),
      ...(fault instanceof RefusedRequest ? { errors: [...fault.faults] } : {}),
    },
  };
}

/** Whether nobody foresaw it: then its cause belongs in the log. */
export const isUnforeseen = (error: unknown): boolean => {
  const { statusCode } = error as { readonly statusCode?: number };
  return !KitError.is(error) && !(statusCode !== undefined && statusCode >= 400 && statusCode < 500);
};

function kitErrorOf(error: unknown): KitError {
  if (KitError.is(error)) return error;
  if (isUnforeseen(error))
    return new KitError('storage-failed', 'an unforeseen fault, told in the log of the server', { cause: error });
  // The framework's own refusals, before a route is met: a body that is no JSON, too long, of another type.
  const { statusCode, message = '' } = error as { readonly statusCode: number; readonly message?: string };
  if (statusCode === 413)
    return new KitError('item-too-large', 'the body is too long', { repair: 'hand over large payloads by reference' });
  return new RefusedRequest(
    [{ path: 'request', received: message, expected: 'a request as /openapi.json says' }],
    statusCode,
  );
}

/** Characters of a received value that are told back. */
const SHOWN = 80;

/** @param value what was read, of which each issue names a part */
export function faultsOf(part: string, error: z.ZodError, value: unknown): readonly Fault[] {
  const faults = error.issues.slice(0, MOST_FAULTS).flatMap((issue): readonly Fault[] => {
    const path = [part, ...issue.path.map(String)].join('.');
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: `${path}.${key}`, received: 'a field', expected: 'no such field' }));
    return [{ path, received: shown(at(value, issue.path)), expected: expectedOf(issue) }];
  });
  return faults.slice(0, MOST_FAULTS);
}

const expectedOf = ({ message }: z.core.$ZodIssue): string =>
  message.replace(/^Invalid[^:]*: expected /, '').replace(/, received .*$/, '');

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return found;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
