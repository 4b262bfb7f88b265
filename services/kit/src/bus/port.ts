import type { QueueProfile } from '@penstock/model';

// The bus in the language of queues. A service knows this file and no broker; a driver knows this file and no service.
// What each driver promises beyond it stands in its own `guarantees`, every entry proved by the conformance suite.

/** A connection to one backbone. Opening it does not create anything: infrastructure does. */
export interface Bus extends AsyncDisposable {
  readonly guarantees: Guarantees;
  /**
   * Binds to a queue that infrastructure has made.
   * @throws {KitError} `queue-missing`; `queue-mismatch` when its settings are not those of the profile
   */
  bind(profile: QueueProfile): Promise<Queue>;
  /** Settles what is under way and closes. Leases not settled by then come back to others after their ack wait. */
  close(): Promise<void>;
}

/** The infrastructure's part, played by `penstock up` and by tests. Idempotent; changes numbers in place. */
export interface BusAdmin extends AsyncDisposable {
  provision(profile: QueueProfile): Promise<void>;
  close(): Promise<void>;
}

export interface Queue {
  readonly profile: QueueProfile;
  /** What spans call the backbone, `messaging.system`. @default - not told */
  readonly system?: string;
  /**
   * Resolves when the item is as durable as the driver states, not before. Where nobody confirms it
   * in time, whether it is there is unknown: it can be published again under its key.
   * @throws {KitError} `item-too-large`, `storage-full`, `bus-unreachable`, `bus-refused`
   */
  publish(item: OutgoingItem): Promise<PublishReceipt>;
  /**
   * Takes items and hands each to `onLease`. At most `prefetch` leases are out at any time: a slot is free again when
   * its lease was settled or lost. `onLease` must not throw.
   */
  consume(options: ConsumeOptions, onLease: (lease: Lease) => void): Consumption;
  depth(): Promise<QueueDepth>;
  /** Oldest first. */
  deadLetters(options?: { readonly limit?: number }): Promise<readonly DeadLetter[]>;
}

export interface OutgoingItem {
  /** Two publishes with the same key within the duplicate window are one item. */
  readonly idempotencyKey: string;
  readonly payload: Uint8Array;
  /** Names are lower case. `traceparent` travels here. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PublishReceipt {
  readonly id: string;
  /** True when an item with this key was there before; nothing was added. */
  readonly duplicate: boolean;
}

export interface ConsumeOptions {
  /** Leases out at most. */
  readonly prefetch: number;
}

export interface Consumption {
  /** Takes no more items and resolves when none is on its way. Leases that are out stay valid. */
  stop(): Promise<void>;
  /** Resolves after `stop`; rejects when the bus failed for good. */
  readonly closed: Promise<void>;
}

/** One delivery of one item: the right to work on it until `expiresAt`. */
export interface Lease {
  /** The item's identity on the broker; the same for each of its deliveries. */
  readonly id: string;
  readonly idempotencyKey: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 on the first delivery. */
  readonly attempt: number;
  /** Greater than that of every earlier delivery of the same item: an effect store refuses a smaller one. */
  readonly token: number;
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
  /** Milliseconds since the epoch; moves with `extend`. */
  readonly expiresAt: number;
  /** Aborts when the lease is known to be lost. */
  readonly signal: AbortSignal;
  /** Owns the item for another ack wait from now. @throws {KitError} `lease-lost` */
  extend(): Promise<void>;
  /** The work is done. Resolves when that is as durable as a publish. @throws {KitError} `lease-lost` */
  ack(): Promise<void>;
  /**
   * The attempt failed. Delivered again after the profile's backoff (or `delayMs`); goes to the dead letters when it
   * was the last attempt or `retryable` is false. @throws {KitError} `lease-lost`
   */
  fail(failure: Failure): Promise<'retried' | 'dead-lettered'>;
  /** Hands the item back untouched, for another worker to take at once. @throws {KitError} `lease-lost` */
  release(): Promise<void>;
}

export interface Failure {
  /** For people: stands in the item's history. */
  readonly reason: string;
  /** @default true */
  readonly retryable?: boolean;
  /** @default - the profile's backoff */
  readonly delayMs?: number;
}

export interface QueueDepth {
  /** Could be taken now. */
  readonly ready: number;
  /** Waiting for a retry. A driver that cannot tell them from leased ones counts them there. */
  readonly delayed: number;
  /** Out with a worker. */
  readonly leased: number;
  readonly deadLettered: number;
}

export interface DeadLetter {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** One entry a failed attempt that gave a reason; an attempt that died without one is missing. Oldest first. */
  readonly history: readonly AttemptRecord[];
  /** Attempts made in all. */
  readonly attempts: number;
  readonly publishedAt: number;
  readonly deadAt: number;
}

export interface AttemptRecord {
  readonly attempt: number;
  readonly at: number;
  readonly reason: string;
}

/** What a driver promises, in words a user can hold it to. The conformance suite has a test for each entry. */
export interface Guarantees {
  readonly driver: 'sqlite' | 'nats' | 'redis' | 'kafka' | 'rabbitmq';
  readonly delivery: 'at-least-once';
  /** What a resolved publish or ack survives. */
  readonly durability: string;
  readonly order: string;
  readonly duplicateWindow: string;
  readonly lateAck: 'refused' | 'honoured';
  readonly losesWhen: string;
}
