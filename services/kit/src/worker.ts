import type { WorkerProfile } from '@penstock/model';
import type { Logger } from 'pino';
import { Attempt, DrainOver } from './attempt.ts';
import type { Lease, Queue } from './bus/port.ts';
import type { Deadline } from './deadline.ts';
import { KitError } from './errors.ts';
import { type AttemptSpan, AttemptSpans } from './tracing/attempt-span.ts';
import { type Outcome, WorkerInstruments } from './worker-instruments.ts';

/** One item as a handler sees it: what it is, without the right to settle it. `token` goes to the effect store. */
export type Job = Pick<Lease, 'id' | 'idempotencyKey' | 'payload' | 'headers' | 'attempt' | 'token' | 'publishedAt'>;

export interface JobContext {
  /** Aborts when the lease is lost or the drain is over: whatever the handler still does has no effect. */
  readonly signal: AbortSignal;
  /** What is left of the queue's promise; in the past for an item that is late already. */
  readonly deadline: Deadline;
  readonly log: Logger;
}

/**
 * Does the work of one item. Returning means done. Throwing means failed: an error with `retryable: false` goes to the
 * dead letters at once, any other is tried again. One that says that whoever was called has too much to do is no failed
 * attempt: the handler runs again after a pause, and the worker takes nothing else for it meanwhile.
 */
export type Handler = (job: Job, context: JobContext) => Promise<void>;

export interface WorkerOptions {
  /** Without a lifetime it is endless. */
  readonly profile: Pick<WorkerProfile, 'id' | 'concurrency' | 'prefetch' | 'drainMs'> &
    Partial<Pick<WorkerProfile, 'lifetime'>>;
  readonly queue: Queue;
  readonly handler: Handler;
  readonly log: Logger;
}

export interface Worker {
  /** Rejects when the bus failed for good. */
  readonly closed: Promise<void>;
  /** Resolves when a worker that lives until its queue is empty has nothing left to do; never for an endless one. */
  readonly finished: Promise<void>;
  /**
   * Takes nothing more, lets what runs end within the profile's drain time, hands everything else back. What does not
   * end in time is aborted and handed back.
   */
  drain(): Promise<void>;
}

/** A lease is extended after this share of the ack wait: two may fail before it is lost. */
const HEARTBEATS_PER_LEASE = 3;

/** How often a worker that ends with its work looks whether there is more. */
const LOOK_MS = 500;

/** Runs a handler on a queue with the profile's numbers. */
export function startWorker(options: WorkerOptions): Worker {
  return new WorkerLoop(options);
}

class WorkerLoop implements Worker {
  readonly closed: Promise<void>;
  readonly finished: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #waiting: Lease[] = [];
  readonly #running = new Set<Attempt>();
  /** From the start of an attempt to the end of its settlement. */
  readonly #unsettled = new Set<Promise<void>>();
  readonly #consumption;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #instruments: WorkerInstruments;
  readonly #spans: AttemptSpans;
  readonly #look: NodeJS.Timeout | undefined;
  /** Since when it holds nothing, by the process's own clock. */
  #idleSince = performance.now();
  #draining = false;
  #drainOver = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#instruments = new WorkerInstruments(options.queue);
    this.#spans = new AttemptSpans(options.queue);
    this.#consumption = options.queue.consume({ prefetch: options.profile.prefetch }, (lease) => this.#take(lease));
    this.closed = this.#consumption.closed;
    this.#heartbeat = setInterval(() => this.#extendAll(), options.queue.profile.ackWaitMs / HEARTBEATS_PER_LEASE);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    if (options.profile.lifetime === 'until-empty')
      this.#look = setInterval(() => void this.#hasNothingLeft().then((nothing) => nothing && resolve()), LOOK_MS);
  }

  /**
   * Empty, as far as it is this worker's: nothing to take, nothing held. What others hold may come back, so it stays for
   * as long as the longest backoff, and no job is started in vain for an item that waits to be tried again.
   */
  async #hasNothingLeft(): Promise<boolean> {
    if (this.#waiting.length + this.#running.size + this.#unsettled.size > 0) {
      this.#idleSince = performance.now();
      return false;
    }
    const { queue } = this.#options;
    // A bus that does not answer is not an empty one.
    const depth = await queue.depth().catch(() => undefined);
    if (depth === undefined || depth.ready > 0 || this.#running.size > 0) return false;
    const patienceMs = depth.leased + depth.delayed === 0 ? 0 : Math.max(...queue.profile.backoffMs);
    return performance.now() - this.#idleSince >= patienceMs;
  }

  async drain(): Promise<void> {
    this.#draining = true;
    // Whoever turned them away may do so for longer than there is time.
    for (const attempt of this.#running) if (attempt.waits) attempt.cutOff(new DrainOver());
    const timer = setTimeout(() => this.#endDrain(), this.#options.profile.drainMs);
    try {
      await this.#consumption.stop();
      // What arrived while it stopped waits here too.
      await Promise.all(this.#waiting.splice(0).map((lease) => this.#handBack(lease)));
      await Promise.all(this.#unsettled);
    } finally {
      clearTimeout(timer);
      clearInterval(this.#heartbeat);
      clearInterval(this.#look);
    }
  }

  #endDrain(): void {
    this.#drainOver = true;
    for (const attempt of this.#running) attempt.cutOff(new DrainOver());
  }

  #take(lease: Lease): void {
    this.#waiting.push(lease);
    this.#runNext();
  }

  #runNext(): void {
    const { profile, queue, log } = this.#options;
    while (!this.#draining && this.#running.size < profile.concurrency) {
      const lease = this.#waiting.shift();
      if (lease === undefined) return;
      if (lease.signal.aborted) continue;
      const attempt = new Attempt(lease, queue.profile, log);
      this.#running.add(attempt);
      const settled = this.#work(attempt).finally(() => this.#unsettled.delete(settled));
      this.#unsettled.add(settled);
    }
  }

  async #work(attempt: Attempt): Promise<void> {
    const startedAt = performance.now();
    const span = this.#spans.start(attempt.lease);
    const settle = await span.within(() => this.#run(attempt, span));
    const settlement = span.settling(settle);
    // The next item starts while this one is being settled, so that many settlements share one commit.
    this.#running.delete(attempt);
    this.#runNext();
    const outcome = await settlement;
    span.end(outcome);
    this.#instruments.record(outcome, (performance.now() - startedAt) / 1_000, attempt.lease);
  }

  /** Runs the handler; returns how to settle what came of it. */
  async #run(attempt: Attempt, span: AttemptSpan): Promise<() => Promise<Outcome>> {
    try {
      await attempt.run(this.#options.handler);
      return () => this.#done(attempt);
    } catch (error) {
      span.failedBy(error);
      return () => this.#failed(attempt, error);
    }
  }

  /** The effect is there: an ack that fails must not count as a failed attempt, the next delivery finds it applied. */
  async #done(attempt: Attempt): Promise<Outcome> {
    try {
      await attempt.lease.ack();
      return 'done';
    } catch (error) {
      attempt.log.warn({ err: error }, 'done, but the ack was not confirmed; the item may be delivered again');
      return 'lost';
    }
  }

  /** Settles a failed attempt. Never throws: the loop goes on. */
  async #failed({ lease, log }: Attempt, error: unknown): Promise<Outcome> {
    if (lease.signal.aborted || KitError.is(error, 'lease-lost') || KitError.is(error, 'effect-fenced')) {
      log.warn({ err: error }, 'lease lost; another worker has the item or will');
      return 'lost';
    }
    // However the handler words it: work that the drain cut off is not a failed attempt.
    if (this.#drainOver || error instanceof DrainOver) {
      await this.#handBack(lease);
      return 'released';
    }
    try {
      const outcome = await lease.fail({
        reason: reasonOf(error),
        retryable: isRetryable(error),
        ...delayOf(error, this.#options.queue.profile.backoffMs, lease.attempt),
      });
      log.warn({ err: error, outcome }, 'attempt failed');
      return outcome;
    } catch (settleError) {
      log.warn({ err: settleError }, 'a failed attempt could not be settled; its lease will run out');
      return 'lost';
    }
  }

  async #handBack(lease: Lease): Promise<void> {
    try {
      await lease.release();
    } catch (error) {
      this.#options.log.warn({ err: error, item: lease.id }, 'could not hand back an item; its lease will run out');
    }
  }

  #extendAll(): void {
    for (const lease of [...Array.from(this.#running, (attempt) => attempt.lease), ...this.#waiting]) {
      // A lost lease aborts its signal; a bus that cannot be reached is tried again at the next heartbeat.
      lease.extend().catch(() => {});
    }
  }
}

/** Errors say themselves whether trying again can help; one that does not say is tried again. */
const isRetryable = (error: unknown): boolean =>
  (error as { readonly retryable?: unknown } | null)?.retryable !== false;

/** The queue's own backoff, unless whoever refused asked for a longer pause. */
function delayOf(error: unknown, backoffMs: readonly number[], attempt: number): { readonly delayMs?: number } {
  const asked = KitError.is(error) ? error.retryAfterMs : undefined;
  const own = backoffMs[Math.min(attempt, backoffMs.length) - 1] ?? 0;
  return asked === undefined || asked <= own ? {} : { delayMs: asked };
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
