import type { errors } from '@nats-io/transport-node';
import { KitError } from '../../errors.ts';
import type { ApiError } from './request-lane.ts';

// JetStream refuses with a number; each that a queue can meet has one meaning here.

const CONSUMER_NOT_FOUND = 10_014;
const STREAM_NOT_FOUND = 10_059;
const TOO_LARGE = 10_054;
const NO_STORAGE: readonly number[] = [10_023, 10_028, 10_047];
const STORE_FAILED = 10_077;

export const isNotFound = (error: ApiError): boolean =>
  error.err_code === CONSUMER_NOT_FOUND || error.err_code === STREAM_NOT_FOUND;

export const missing = (what: string): KitError =>
  new KitError('queue-missing', `there is no ${what}`, {
    repair: 'create it: infrastructure does by its manifests, `penstock up` on this machine',
  });

export type PermissionViolation = InstanceType<typeof errors.PermissionViolationError>;

/** The server's configuration does not let this user send there, or read there. */
export const refusal = ({ operation, subject }: PermissionViolation): KitError =>
  new KitError('bus-refused', `this user may not ${operation === 'publish' ? 'send to' : 'read'} ${subject}`, {
    repair: 'give its key the permission in the configuration of the servers, or connect with another key',
  });

/** A refusal of a request about streams and consumers. */
export function apiFault(error: ApiError, what: string): KitError {
  if (isNotFound(error)) return missing(what);
  return new KitError('bus-unreachable', `${what}: ${error.description} (${error.err_code})`, {
    repair: 'check that the server runs JetStream and that this user may use it',
  });
}

/** A refusal of a publish. */
export function publishFault(error: ApiError, what: string): KitError {
  const message = `${what}: ${error.description} (${error.err_code})`;
  if (error.err_code === TOO_LARGE) {
    return new KitError('item-too-large', message, { repair: 'store the payload elsewhere and publish a reference' });
  }
  const isFull =
    NO_STORAGE.includes(error.err_code) ||
    (error.err_code === STORE_FAILED && /maximum|no space/.test(error.description));
  if (isFull) return new KitError('storage-full', message, { repair: 'raise the limit of the stream or its storage' });
  if (error.err_code === STORE_FAILED) {
    return new KitError('storage-failed', message, { repair: 'check the disk of the server' });
  }
  return apiFault(error, what);
}
