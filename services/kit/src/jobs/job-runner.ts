import type { Logger } from 'pino';
import { z } from 'zod';
import { KitError } from '../errors.ts';
import type { JobContext as DeliveryContext, Handler, Job } from '../worker.ts';
import type { AttemptFence, JobReference } from './job.ts';
import { JobAttempt, JobCancelled, lost } from './job-attempt.ts';
import type { HandledJob } from './job-context.ts';
import { inJobSpan } from './job-span.ts';
import type { JobStore } from './job-store.ts';
import { downstreamOutcomeOf, settlementOf } from './outcome.ts';
import { type KeyRing, PayloadCodec } from './payload-codec.ts';
import type { Settlement } from './scripts/attempt.ts';
import type { BreakerPolicy } from './scripts/breaker.ts';
import type { TaskHandler } from './task-handler.ts';
import { payloadOf } from './upgrade.ts';

/** A cancel is heard of within this and one answer of the store: under a second together. */
const LOOK_MS = 400;
/** Of the lease, after which it is extended: two may fail before it is over. */
const EXTENSIONS_PER_LEASE = 3;
const DEFAULT_BREAKER: BreakerPolicy = { failures: 5, restMs: 10_000 };
/** Then the settlement may have been made all the same, or can be made once there is room. */
const SETTLED_AGAIN = ['store-unreachable', 'storage-full'] as const;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export interface JobRunnerOptions {
  readonly store: Pick<JobStore, 'run'>;
  readonly handlers: readonly TaskHandler[];
  /** Names this process in the store, for people. */
  readonly worker: string;
  /** How long an attempt is this worker's without a sign of life: the ack wait of the queue. */
  readonly leaseMs: number;
  readonly log: Logger;
  readonly keys?: KeyRing;
  /** When the breaker of a task's downstream opens. @default - after 5 failures in a row, for 10 seconds */
  readonly breaker?: BreakerPolicy;
  /** @default Date.now */
  readonly now?: () => number;
  /** From 0 to 1, for jitter. @default Math.random */
  readonly random?: () => number;
}

/**
 * Does the jobs that a queue's items refer to. `handler` is what a worker of the kit runs: it begins the attempt in the
 * store, runs the task's handler, settles, and only then is the item acked.
 */
export class JobRunner {
  readonly handler: Handler = (item, context) => this.#track(this.#run(item, context));
  readonly #options: JobRunnerOptions;
  readonly #handlers: ReadonlyMap<string, TaskHandler>;
  readonly #codec: PayloadCodec;
  readonly #now: () => number;
  readonly #running = new Map<JobAttempt, { extendAt: number }>();
  readonly #unsettled = new Set<Promise<void>>();
  #look: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#handlers = new Map(options.handlers.map((handler) => [handler.task.name, handler]));
    this.#codec = new PayloadCodec(options.keys);
    this.#now = options.now ?? Date.now;
  }

  /** Resolves when everything that was begun is settled. Called after the worker has drained. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#unsettled);
    clearInterval(this.#look);
  }

  /** The worker stops waiting for a handler that it cuts off; its settlement is still on its way then. */
  async #track(work: Promise<void>): Promise<void> {
    this.#unsettled.add(work);
    try {
      await work;
    } finally {
      this.#unsettled.delete(work);
    }
  }

  async #run(item: Job, { signal, log }: DeliveryContext): Promise<void> {
    const { store, worker, leaseMs } = this.#options;
    const fence: AttemptFence = { ...referenceOf(item), token: item.token };
    const now = this.#now();
    const begun = await store.run('begin', { ...fence, worker, leaseUntil: now + leaseMs, now });
    if (begun.kind === 'drop') {
      log.info({ job: fence.job, why: begun.why }, 'nothing to do for this delivery');
      return;
    }
    const attempt = new JobAttempt({
      begun,
      fence,
      store,
      codec: this.#codec,
      log: log.child({ job: fence.job, task: begun.job.task, attempt: begun.job.attempt }),
      now: this.#now,
    });
    const onGone = (): void => attempt.cutOff(signal.reason);
    if (signal.aborted) onGone();
    signal.addEventListener('abort', onGone, { once: true });
    const timer = this.#startDeadline(attempt);
    this.#watch(attempt, now);
    try {
      await this.#settle(attempt, await this.#work(attempt));
    } finally {
      clearTimeout(timer);
      this.#running.delete(attempt);
      signal.removeEventListener('abort', onGone);
    }
  }

  /** Runs the handler; returns how the attempt ended. */
  async #work(attempt: JobAttempt): Promise<Settlement | undefined> {
    const { record } = attempt;
    const handler = this.#handlers.get(record.task);
    try {
      if (handler === undefined)
        throw new KitError('task-unknown', `no handler for task ${record.task}`, { repair: 'wait for a newer worker' });
      const job: HandledJob<unknown> = {
        id: record.id,
        queue: record.queue,
        task: record.task,
        idempotencyKey: record.idempotencyKey,
        payload: payloadOf(handler.task, record.version, this.#codec.decode(record.id, record.payload)),
        headers: record.headers,
        attempt: record.attempt,
        maxAttempts: record.maxAttempts,
        createdAt: record.createdAt,
      };
      const result = await inJobSpan(record, () => attempt.race(handler.run(job, attempt, record.payload.length)));
      await this.#report(attempt, handler, 'ok');
      return { state: 'succeeded', result: this.#resultOf(handler, record.id, result) };
    } catch (error) {
      const settlement = settlementOf(error, record, handler?.task.retry ?? {}, this.#now(), this.#random());
      attempt.log.warn({ err: error, next: settlement?.state ?? 'lost' }, 'the attempt did not succeed');
      if (handler !== undefined)
        await this.#report(attempt, handler, downstreamOutcomeOf(error, handler.task.retry ?? {}));
      return settlement;
    }
  }

  /** Tells the breaker of what the task calls. That nobody hears it is no reason to do the work again. */
  async #report(attempt: JobAttempt, { task }: TaskHandler, outcome: 'ok' | 'failed' | undefined): Promise<void> {
    if (task.downstream === undefined || outcome === undefined) return;
    const { store, breaker = DEFAULT_BREAKER } = this.#options;
    try {
      await store.run('report', task.downstream, outcome, attempt.record.id, this.#now(), breaker);
    } catch (error) {
      attempt.log.warn({ err: error, downstream: task.downstream }, 'the breaker did not hear of an outcome');
    }
  }

  #resultOf({ task }: TaskHandler, job: string, result: unknown): Uint8Array | undefined {
    if (task.result === undefined) return undefined;
    const checked = task.result.safeParse(result);
    if (checked.success) return this.#codec.encode(job, checked.data);
    throw new KitError(
      'job-malformed',
      `task ${task.name} returned no result of its kind: ${z.prettifyError(checked.error)}`,
    );
  }

  /** A settlement nobody confirms is made again: one that was made finds the fence gone, and both are the end of it. */
  async #settle(attempt: JobAttempt, settlement: Settlement | undefined): Promise<void> {
    const { store } = this.#options;
    const { fence, record } = attempt;
    if (settlement === undefined) throw lost(fence.job);
    const effect = settlement.state === 'succeeded' ? attempt.gathered : {};
    let isUnsure = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const answer = await store.run('settle', fence, settlement, this.#now(), effect);
        if (answer === 'lost' && !isUnsure) throw lost(fence.job);
        return;
      } catch (error) {
        if (!SETTLED_AGAIN.some((code) => KitError.is(error, code)) || attempt.signal.aborted) {
          if (settlement.state !== 'succeeded' || KitError.is(error, 'lease-lost')) throw error;
          // Its effect cannot be written, so it did not succeed.
          attempt.log.warn({ err: error }, 'the effect was refused');
          const retry = this.#handlers.get(record.task)?.task.retry ?? {};
          return this.#settle(attempt, settlementOf(error, record, retry, this.#now(), this.#random()));
        }
        isUnsure = true;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  #startDeadline(attempt: JobAttempt): NodeJS.Timeout | undefined {
    const at = attempt.record.deadlineAt;
    if (at === undefined) return undefined;
    const over = new KitError('deadline-exceeded', `the deadline of job ${attempt.record.id} is over`);
    return setTimeout(() => attempt.cutOff(over), Math.max(0, at - this.#now()));
  }

  #watch(attempt: JobAttempt, now: number): void {
    this.#running.set(attempt, { extendAt: now + this.#options.leaseMs / EXTENSIONS_PER_LEASE });
    this.#look ??= setInterval(() => void this.#lookAround(), LOOK_MS);
  }

  /** Hears of cancels, tells of progress, extends what is due: one question for all that runs here. */
  async #lookAround(): Promise<void> {
    if (this.#looking || this.#running.size === 0) return;
    this.#looking = true;
    const { store, leaseMs, log } = this.#options;
    const now = this.#now();
    const attempts = [...this.#running.keys()];
    try {
      const beats = attempts.map((attempt) => {
        const progress = attempt.takeProgress();
        const state = this.#running.get(attempt);
        const isDue = state !== undefined && state.extendAt <= now;
        if (isDue) state.extendAt = now + leaseMs / EXTENSIONS_PER_LEASE;
        return {
          ...attempt.fence,
          ...(isDue ? { leaseUntil: now + leaseMs } : {}),
          ...(progress === undefined ? {} : { progress }),
        };
      });
      const standings = await store.run('heartbeat', beats);
      for (const [index, attempt] of attempts.entries()) {
        if (standings[index] === 'cancelling') attempt.cutOff(new JobCancelled('cancelled on request'));
        else if (standings[index] === 'lost') attempt.cutOff(lost(attempt.fence.job));
      }
    } catch (error) {
      log.warn({ err: error }, 'the store did not answer a heartbeat; it is sent again');
    } finally {
      this.#looking = false;
    }
  }

  #random(): number {
    return (this.#options.random ?? Math.random)();
  }
}

/** @throws {KitError} `item-malformed` for an item that no dispatcher published */
function referenceOf(item: Job): JobReference {
  try {
    const { job, release } = JSON.parse(Buffer.from(item.payload).toString()) as Partial<JobReference>;
    if (typeof job === 'string' && Number.isSafeInteger(release)) return { job, release: release as number };
  } catch {
    // Said below.
  }
  throw new KitError('item-malformed', `item ${item.id} refers to no job`, {
    repair: 'let only dispatchers publish to a queue of jobs',
  });
}
