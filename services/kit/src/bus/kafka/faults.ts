import { findErrorBy } from '@platformatic/kafka';
import { KitError } from '../../errors.ts';

// Kafka refuses with a name; each that a queue can meet has one meaning here.

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Whether the broker answered with one of these. */
export const isRefusal = (error: unknown, ...names: readonly string[]): boolean =>
  names.some((name) => findErrorBy(asError(error), 'apiId', name) !== null);

/** The group has another generation, or does not know this member any more. */
export const isFenced = (error: unknown): boolean =>
  isRefusal(
    error,
    'ILLEGAL_GENERATION',
    'UNKNOWN_MEMBER_ID',
    'REBALANCE_IN_PROGRESS',
    'FENCED_INSTANCE_ID',
    'STALE_MEMBER_EPOCH',
    'FENCED_MEMBER_EPOCH',
  );

export const missing = (what: string): KitError =>
  new KitError('queue-missing', `there is no ${what}`, {
    repair: 'create it: infrastructure does by its manifests, `penstock up` on this machine',
  });

export const closed = (): KitError => new KitError('bus-closed', 'the bus was closed', { repair: 'open it again' });

/** What a call to the brokers failed for. */
export function faultOf(error: unknown, what: string): KitError {
  if (KitError.is(error)) return error;
  // The client says it by itself of a topic that no broker has told it of.
  const isUnknown = findErrorBy(asError(error), 'code', 'PLT_KFK_USER')?.message.startsWith('Unknown topic') === true;
  if (isUnknown || isRefusal(error, 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID')) return missing(what);
  const message = `${what}: ${asError(error).message}`;
  if (isRefusal(error, 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'))
    return new KitError('item-too-large', message, { cause: error, repair: 'raise max.message.bytes of the topic' });
  if (isRefusal(error, 'KAFKA_STORAGE_ERROR'))
    return new KitError('storage-failed', message, { cause: error, repair: 'check the disks of the brokers' });
  const isRefused =
    isRefusal(error, 'TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED') ||
    findErrorBy(asError(error), 'code', 'PLT_KFK_AUTHENTICATION') !== null;
  if (isRefused)
    return new KitError('bus-refused', message, { cause: error, repair: 'give this user the right, or another user' });
  return new KitError('bus-unreachable', message, { cause: error, repair: 'check the brokers and the address' });
}

export const lost = (what: string, cause?: unknown): KitError =>
  new KitError('lease-lost', `the lease of ${what} is over, or its settlement was not confirmed`, {
    repair: 'let go of it: another worker has it or will, unless it was settled after all',
    ...(cause === undefined ? {} : { cause }),
  });
