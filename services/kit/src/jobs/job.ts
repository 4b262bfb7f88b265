// A job as everybody sees it. Times are milliseconds since the epoch.

/**
 * - `waiting`: behind another one, by what it needs or by its order key
 * - `ready`: to be released when it is due (`runAt`) and its turn has come
 * - `released`: published on the bus; a worker has it or will
 * - `running`: an attempt has begun
 * - `succeeded`, `failed`, `cancelled`: over. `failed` is the dead letter: history stays, `redrive` makes it ready again
 */
export type JobState = 'waiting' | 'ready' | 'released' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export const FINAL_STATES = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly JobState[];

/** What an attempt ended with that did not succeed. */
export interface AttemptFailure {
  readonly attempt: number;
  readonly at: number;
  /** For people. */
  readonly reason: string;
  /** What the error calls itself, for retry rules and counters. */
  readonly code: string;
}

/** A job to be added. Everything is decided here; a store adds nothing of its own. */
export interface NewJob {
  /** Unique over all queues; sorts by time of making. */
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  /** Version of the payload's schema. */
  readonly version: number;
  /** Two jobs of a queue with one key within the window are one job. */
  readonly idempotencyKey: string;
  /** Until when the key is remembered, however early the job ends. */
  readonly keyExpiresAt: number;
  /** As it is stored: encoded, encrypted where the queue asks for it. */
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly runAt: number;
  /** It fails with `deadline-exceeded` when it has not succeeded by then. */
  readonly deadlineAt: number | undefined;
  /** Higher goes first. A level is worth so much waiting as the dispatcher says; nobody waits forever. */
  readonly priority: number;
  /** What shares are divided among, e.g. a tenant. */
  readonly group: string | undefined;
  /** Jobs with one order key run one after the other, in the order they were added. */
  readonly orderKey: string | undefined;
  /** What limits of the task count by, e.g. a customer. */
  readonly limitKey: string | undefined;
  readonly maxAttempts: number;
  /** Attempts in a row that may end with a vanished worker. */
  readonly maxCrashes: number;
  /** Ids of jobs that have to end first. */
  readonly needs: readonly JobNeed[];
}

export interface JobNeed {
  readonly job: string;
  /**
   * When that one fails or is cancelled: `fail` this one too, or let it `run` and see.
   */
  readonly onFailure: OnFailure;
}

export type OnFailure = 'fail' | 'run';

export interface AddReceipt {
  /** Of the job there is now: an earlier one's where the key was known. */
  readonly id: string;
  readonly duplicate: boolean;
}

/** What a store knows of a job. */
export interface JobRecord extends Omit<NewJob, 'needs' | 'keyExpiresAt'> {
  readonly state: JobState;
  /** Attempts begun. */
  readonly attempt: number;
  /** How often it was released. With the delivery's token it is the fence of an attempt. */
  readonly release: number;
  readonly progress: JobProgress | undefined;
  readonly result: Uint8Array | undefined;
  /** Oldest first; as many as are kept. */
  readonly history: readonly AttemptFailure[];
  readonly cancelRequestedAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
}

export interface JobProgress {
  readonly at: number;
  /** 0 to 1. */
  readonly done: number;
  readonly note: string | undefined;
}

/** The right to work on a job: of two, the greater one holds. */
export interface AttemptFence {
  readonly job: string;
  readonly release: number;
  readonly token: number;
}

/** What a dispatcher publishes: all that travels on the bus. */
export interface JobReference {
  readonly job: string;
  readonly release: number;
}
