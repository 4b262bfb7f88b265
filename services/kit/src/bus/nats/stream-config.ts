import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { QueueProfile } from '@penstock/model';

// How a queue looks on JetStream. Whoever creates it, the admin here or manifests on Kubernetes, creates exactly this,
// and `bind` holds what it finds against it. Every duration on this wire is in nanoseconds.

/** Room for what the driver adds to an item: the key of the publisher and the names of the headers. */
const ENVELOPE_BYTES = 1_024;

/**
 * Deliveries the server grants beyond the attempts. JetStream counts every delivery, and a message that has used them
 * up stays in its stream unseen until its retention is over. Releases take from this room, and so does every try to
 * bury an item while the dead-letter stream cannot be written.
 */
const SPARE_DELIVERIES = 10_000;

type Exactly<Config, Key extends keyof Config> = Readonly<Required<Pick<Config, Key>>>;

export type QueueStreamConfig = Exactly<
  StreamConfig,
  | 'name'
  | 'subjects'
  | 'retention'
  | 'storage'
  | 'discard'
  | 'num_replicas'
  | 'max_age'
  | 'max_msg_size'
  | 'duplicate_window'
>;

export type DeadLetterStreamConfig = Exactly<
  StreamConfig,
  | 'name'
  | 'subjects'
  | 'retention'
  | 'storage'
  | 'discard'
  | 'num_replicas'
  | 'max_age'
  | 'max_msgs_per_subject'
  | 'duplicate_window'
  | 'allow_direct'
  | 'allow_msg_ttl'
>;

export type QueueConsumerConfig = Exactly<
  ConsumerConfig,
  | 'durable_name'
  | 'ack_policy'
  | 'deliver_policy'
  | 'replay_policy'
  | 'ack_wait'
  | 'max_ack_pending'
  | 'max_deliver'
  | 'filter_subject'
>;

/** @param replicas servers that hold a copy */
export function streamConfigOf(profile: QueueProfile, replicas: number): QueueStreamConfig {
  return {
    name: profile.stream,
    subjects: [profile.subject],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    // A full queue refuses the publisher; the default would drop the oldest work.
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    max_age: nanosecondsOf(profile.retentionMs),
    max_msg_size: profile.maxItemBytes + ENVELOPE_BYTES,
    duplicate_window: nanosecondsOf(profile.duplicateWindowMs),
  };
}

/**
 * Dead letters stay until a person removes them. Beside them lie the notes on items that are still being tried, which
 * carry their own time to live. One message a subject: burying an item twice leaves one dead letter.
 */
export function deadLetterStreamConfigOf(profile: QueueProfile, replicas: number): DeadLetterStreamConfig {
  return {
    name: profile.deadLetterStream,
    subjects: [`${profile.deadLetterSubject}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    max_age: 0,
    max_msgs_per_subject: 1,
    duplicate_window: nanosecondsOf(profile.duplicateWindowMs),
    allow_direct: true,
    allow_msg_ttl: true,
  };
}

export function consumerConfigOf(profile: QueueProfile): QueueConsumerConfig {
  return {
    durable_name: profile.consumer,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ack_wait: nanosecondsOf(profile.ackWaitMs),
    max_ack_pending: profile.maxAckPending,
    max_deliver: profile.maxAttempts + SPARE_DELIVERIES,
    filter_subject: profile.subject,
  };
}

/** Where one item's dead letter lies. */
export const deadLetterSubjectOf = (profile: QueueProfile, item: string): string =>
  `${profile.deadLetterSubject}.item.${item}`;

/** Where the note on one item lies. */
export const noteSubjectOf = (profile: QueueProfile, item: string): string =>
  `${profile.deadLetterSubject}.note.${item}`;

export interface ConfigDifference {
  readonly field: string;
  readonly received: unknown;
  readonly expected: unknown;
}

/** The fields of `expected` that `received` holds otherwise. The server leaves out what is zero or false. */
export function differencesOf(received: object, expected: object): readonly ConfigDifference[] {
  const values = received as Readonly<Record<string, unknown>>;
  return Object.entries(expected)
    .filter(([field, value]) => JSON.stringify(values[field] ?? zeroLike(value)) !== JSON.stringify(value))
    .map(([field, value]) => ({ field, received: values[field] ?? zeroLike(value), expected: value }));
}

/** `max_age is 60000000000, expected 120000000000; ...` */
export const describeDifferences = (differences: readonly ConfigDifference[]): string =>
  differences
    .map((d) => `${d.field} is ${JSON.stringify(d.received)}, expected ${JSON.stringify(d.expected)}`)
    .join('; ');

function zeroLike(value: unknown): unknown {
  if (typeof value === 'number') return 0;
  return typeof value === 'boolean' ? false : null;
}

const nanosecondsOf = (milliseconds: number): number => milliseconds * 1_000_000;
