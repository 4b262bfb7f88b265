import type { DurationInput } from '@penstock/model';
import type { Logger } from 'pino';
import { Deadline } from '../deadline.ts';
import { KitError } from '../errors.ts';
import { durationMs } from './backoff.ts';
import type { AttemptFence, JobProgress, JobRecord, NewJob } from './job.ts';
import type { JobContext, NeededJob, StepScope } from './job-context.ts';
import type { JobStore } from './job-store.ts';
import type { PayloadCodec } from './payload-codec.ts';
import type { AttemptEffect, Begun } from './scripts/attempt.ts';

/** Ends an attempt without counting it. */
export class Snooze extends Error {
  override readonly name = 'Snooze';
  readonly ms: number;

  constructor(ms: number) {
    super(`snoozed for ${ms} ms`);
    this.ms = ms;
  }
}

/** Somebody cancelled the job while it ran. */
export class JobCancelled extends Error {
  override readonly name = 'JobCancelled';
  readonly code = 'job-cancelled';
  readonly retryable = false;
}

type BegunJob = Extract<Begun, { readonly kind: 'run' }>;

export interface JobAttemptOptions {
  readonly begun: BegunJob;
  readonly fence: AttemptFence;
  readonly store: Pick<JobStore, 'run'>;
  readonly codec: PayloadCodec;
  readonly log: Logger;
  readonly now: () => number;
}

/** One attempt of a job: what its handler sees of it, and what it gathers until it is settled. */
export class JobAttempt implements JobContext {
  readonly fence: AttemptFence;
  readonly record: JobRecord;
  readonly deadline: Deadline | undefined;
  readonly needs: readonly NeededJob[];
  readonly log: Logger;
  readonly #store: Pick<JobStore, 'run'>;
  readonly #codec: PayloadCodec;
  readonly #now: () => number;
  readonly #steps: ReadonlyMap<string, Uint8Array>;
  readonly #stepsRun = new Set<string>();
  readonly #abort = new AbortController();
  readonly #effect: {
    readonly statements: NonNullable<AttemptEffect['statements']>[number][];
    readonly jobs: NewJob[];
  } = { statements: [], jobs: [] };
  #progress: JobProgress | undefined;

  constructor({ begun, fence, store, codec, log, now }: JobAttemptOptions) {
    this.fence = fence;
    this.record = begun.job;
    this.deadline = begun.job.deadlineAt === undefined ? undefined : Deadline.at(begun.job.deadlineAt);
    this.#store = store;
    this.#codec = codec;
    this.#now = now;
    this.#steps = begun.steps;
    this.log = log;
    this.needs = [...begun.needs]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { task, state, result }]) => ({
        id,
        task,
        state,
        result: result === undefined ? undefined : codec.decode(id, result),
      }));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What is written together with a success. */
  get gathered(): AttemptEffect {
    return this.#effect;
  }

  async step<Result>(name: string, run: (scope: StepScope) => Promise<Result>): Promise<Result> {
    if (this.#stepsRun.has(name)) {
      throw new KitError('step-repeated', `job ${this.record.id}: two steps are named ${JSON.stringify(name)}`, {
        repair: 'give every step of a job a name of its own',
      });
    }
    this.#stepsRun.add(name);
    const before = this.#steps.get(name);
    if (before !== undefined) return this.#codec.decode(this.record.id, before) as Result;
    this.signal.throwIfAborted();
    const effect: AttemptEffect[] = [];
    const result = await run({ effect: (part) => effect.push(part) });
    const stored = this.#codec.encode(this.record.id, result);
    const kept = await this.#store.run('keepStep', this.fence, name, stored, {
      statements: effect.flatMap(({ statements = [] }) => statements),
      jobs: effect.flatMap(({ jobs = [] }) => jobs),
    });
    if (kept === 'lost') throw lost(this.record.id);
    return result;
  }

  effect({ statements = [], jobs = [] }: AttemptEffect): void {
    this.#effect.statements.push(...statements);
    this.#effect.jobs.push(...jobs);
  }

  follow(...drafts: readonly NewJob[]): void {
    this.effect({ jobs: drafts });
  }

  progress(done: number, note?: string): void {
    this.#progress = { at: this.#now(), done: Math.min(1, Math.max(0, done)), note };
  }

  snooze(time: DurationInput): never {
    throw new Snooze(durationMs(time));
  }

  /** What was told since it was asked for last. */
  takeProgress(): JobProgress | undefined {
    const progress = this.#progress;
    this.#progress = undefined;
    return progress;
  }

  /** Ends what the handler does; nothing that it still writes counts. */
  cutOff(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** Resolves with what the work comes to; rejects with the reason it was cut off for, whichever is first. */
  async race<Result>(work: Promise<Result>): Promise<Result> {
    const { signal } = this;
    const cut = Promise.withResolvers<never>();
    const onAbort = (): void => cut.reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([work, cut.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

export const lost = (job: string): KitError =>
  new KitError('lease-lost', `a later delivery of job ${job} has begun, or the job is over`, {
    repair: 'let go of it: nothing of this attempt was written',
  });
