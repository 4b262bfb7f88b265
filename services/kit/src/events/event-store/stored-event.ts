import type { Statement } from '../../effects/effect-store.ts';
import type { OutboxEvent } from '../outbox/outbox-event.ts';

/** A fact about one thing, as whoever decided it writes it. */
export interface NewEvent {
  /** Unique within the stream: an append whose outcome was unknown is known by it again. */
  readonly id: string;
  readonly type: string;
  readonly payload: Uint8Array;
  /** Names are lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A fact as it lies in its stream, and among all. */
export interface StoredEvent extends NewEvent {
  readonly stream: string;
  /** 1 for the first of its stream, then one more each. */
  readonly version: number;
  readonly place: Place;
  /** Milliseconds since the epoch. */
  readonly appendedAt: number;
}

/**
 * Where something is in the order of all events. Numbers are given out before the commit on PostgreSQL, so the order is
 * that of the transactions that are over, then that of the numbers.
 */
export interface Place {
  readonly tx: number;
  readonly position: number;
}

export const START: Place = { tx: 0, position: 0 };

export const isBehind = (one: Place, other: Place): boolean =>
  one.tx < other.tx || (one.tx === other.tx && one.position < other.position);

/**
 * What the version of a stream has to be: its number (0: there is none), or that there is some, or whatever it is. Two
 * who decide by the same version cannot both append.
 */
export type ExpectedVersion = number | 'exists' | 'any';

export interface StreamAppend {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly NewEvent[];
  /** What is written with them, e.g. by projections. */
  readonly statements?: readonly Statement[];
  /** What is told others, by the outbox of the same database. */
  readonly publish?: readonly OutboxEvent[];
}

export interface StreamReceipt {
  /** Of the stream, after the append. */
  readonly version: number;
  /** Of the last event: whoever waits until a projection is here reads what was written. */
  readonly place: Place;
}

/** What a stream comes to, kept so that not all of it has to be read. */
export interface Snapshot {
  readonly version: number;
  readonly state: Uint8Array;
}
