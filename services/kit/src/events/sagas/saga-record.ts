import type { Direction } from './saga.ts';

/**
 * `parked`: it waits for a person. `compensating`: what was done is taken back. The last two are for good.
 */
export type SagaStatus = 'running' | 'compensating' | 'parked' | 'completed' | 'compensated';

export const isOver = (status: SagaStatus): boolean => status === 'completed' || status === 'compensated';

/** Where one saga is. */
export interface SagaRecord {
  readonly saga: string;
  readonly id: string;
  /** Version of the definition by which it began. */
  readonly definition: number;
  readonly status: SagaStatus;
  /** The step that is under way, or was the last one. */
  readonly step: string;
  readonly direction: Direction;
  /** Of the request under way, from 1. */
  readonly attempt: number;
  /** When the request under way is given up, in milliseconds since the epoch. */
  readonly dueAt: number | null;
  /** Raised by one with each change. */
  readonly version: number;
  readonly state: Uint8Array;
  readonly correlation: string;
  /** Why it is parked. */
  readonly reason: string | null;
  readonly startedAt: number;
  readonly updatedAt: number;
}

export type SagaHappening =
  | 'started'
  | 'succeeded'
  | 'failed'
  | 'timed out'
  /** An answer that came when nobody waited for it any more. */
  | 'late'
  /** An answer that the step does not know. */
  | 'unexpected'
  | 'retried';

/** One line of what happened to a saga. */
export interface SagaEntry {
  readonly at: number;
  readonly what: SagaHappening;
  readonly step: string;
  readonly direction: Direction;
  /** Of the request, when it happened. */
  readonly attempt: number;
  /** Type of the message, or why it is parked. */
  readonly detail: string | null;
  /** Id of the event that it came of. */
  readonly message: string | null;
  /** Where the saga was then. */
  readonly status: SagaStatus;
}

/** A message for a saga, taken in and not yet acted on. */
export interface SagaMail {
  readonly seq: number;
  readonly id: string;
  readonly message: string;
  /** Null for the event that starts one. */
  readonly step: string | null;
  readonly direction: Direction | null;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly correlation: string;
}
