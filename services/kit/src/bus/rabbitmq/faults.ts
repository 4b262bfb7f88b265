import { AMQPError } from 'rabbitmq-client';
import { KitError, type KitErrorCode } from '../../errors.ts';

interface Meaning {
  readonly code: KitErrorCode;
  readonly repair: string;
}

const PERMIT: Meaning = {
  code: 'bus-refused',
  repair: 'give this user the rights on the queues, or connect as another user',
};

/** AMQP refuses with a name; each that a queue can meet has one meaning here. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NOT_FOUND: {
    code: 'queue-missing',
    repair: 'create it: infrastructure does by its manifests, `penstock up` on this machine',
  },
  PRECONDITION_FAILED: { code: 'queue-mismatch', repair: 'provision it with the same settings, or delete it first' },
  ACCESS_REFUSED: PERMIT,
  NOT_ALLOWED: PERMIT,
  // What a server answers to a publish that its queue has no room for.
  NACK: { code: 'storage-full', repair: 'let the workers catch up, or raise the limit of the queue' },
};

const UNREACHABLE: Meaning = {
  code: 'bus-unreachable',
  repair: 'check the server; whether it was done is unknown',
};

/** What the client or the server said, in words of the kit. */
export function faultOf(error: unknown, what: string): KitError {
  if (KitError.is(error)) return error;
  const { code, repair } = (error instanceof AMQPError ? MEANINGS[error.code] : undefined) ?? UNREACHABLE;
  const message = error instanceof Error ? error.message : String(error);
  return new KitError(code, `${what}: ${message}`, { repair, cause: error });
}

export const closed = (): KitError => new KitError('bus-closed', 'the bus was closed', { repair: 'open it again' });

export const missing = (what: string): KitError =>
  new KitError('queue-missing', `there is no ${what}`, { repair: 'provision it: `penstock up` does on this machine' });

export const lost = (id: string, cause?: unknown): KitError =>
  new KitError('lease-lost', `the lease of item ${id} is over, or its settlement was not confirmed`, {
    repair: 'let go of it: another worker has it or will, unless it was settled after all',
    ...(cause === undefined ? {} : { cause }),
  });
