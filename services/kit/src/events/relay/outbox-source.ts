import type { WaitingEvent } from '../outbox/outbox-event.ts';

/** How much of its log a database keeps for whoever follows it. */
export interface SlotMeasure {
  readonly retainedBytes: number;
  /** As PostgreSQL says it: `reserved`, `extended`, `unreserved` or `lost`. */
  readonly status: string;
}

/** What is appended to an outbox, as the database's own log tells of it: sooner, and in the order of commits. */
export interface OutboxSource {
  /** Begins where it was left, or now where that is gone: what was appended before lies in the table. */
  open(): Promise<OutboxStream>;
  /** Undefined while there is no slot. */
  measure(): Promise<SlotMeasure | undefined>;
  /** The database keeps nothing for it any more. */
  drop(): Promise<void>;
}

export interface OutboxStream {
  /** Empty when the time was over. Whoever asks again has done what was given before. @throws when it is broken off */
  next(limit: number, waitMs: number, signal: AbortSignal): Promise<readonly WaitingEvent[]>;
  /** What was given is published. */
  confirm(): void;
  close(): Promise<void>;
}
