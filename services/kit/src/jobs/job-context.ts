import type { DurationInput } from '@penstock/model';
import type { Logger } from 'pino';
import type { Deadline } from '../deadline.ts';
import type { JobState, NewJob } from './job.ts';
import type { AttemptEffect } from './scripts/attempt.ts';

/** A job as its handler sees it. */
export interface HandledJob<Payload> {
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  readonly idempotencyKey: string;
  readonly payload: Payload;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 at first. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** How a job that was needed ended. */
export interface NeededJob {
  readonly id: string;
  readonly task: string;
  readonly state: JobState;
  /** Undefined unless it succeeded with one. */
  readonly result: unknown;
}

export interface JobContext {
  /**
   * Aborts when the attempt is over for another reason than its handler: cancelled, past its deadline, its lease lost,
   * the process draining. Whatever the handler still writes through this context is refused.
   */
  readonly signal: AbortSignal;
  readonly deadline: Deadline | undefined;
  readonly log: Logger;
  /** The jobs that this one needs, by the time they were made. */
  readonly needs: readonly NeededJob[];
  /**
   * Runs a step once over all attempts: one that was done is not done again, its result is handed back. A crash between
   * the step's work and its record repeats it, unless its effects are handed to `effect`: those are in the same
   * transaction.
   */
  step<Result>(name: string, run: (scope: StepScope) => Promise<Result>): Promise<Result>;
  /** Adds to what is written in the transaction that ends the job: all of it with success, none of it otherwise. */
  effect(effect: AttemptEffect): void;
  /** Jobs that follow, added in the same transaction. Short for `effect({ jobs })`. */
  follow(...drafts: readonly NewJob[]): void;
  /** Tells how far it is, 0 to 1; written with the next heartbeat. */
  progress(done: number, note?: string): void;
  /** Ends the attempt without counting it, to be begun again after a time. Throws, so nothing after it runs. */
  snooze(time: DurationInput): never;
}

export interface StepScope {
  /** Writes in the transaction that records the step. */
  effect(effect: AttemptEffect): void;
}

/** Does the work of one job. What it returns is the job's result; throwing means failed. */
export type JobHandler<Payload, Result> = (job: HandledJob<Payload>, context: JobContext) => Promise<Result>;
