import { context, metrics, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { WorkerProfile } from '@penstock/model';
import type { Logger } from 'pino';
import type { Lease, Queue } from './bus/port.ts';
import { Deadline } from './deadline.ts';
import { KitError } from './errors.ts';

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
 * dead letters at once, any other is tried again.
 */
export type Handler = (job: Job, context: JobContext) => Promise<void>;

export interface WorkerOptions {
  readonly profile: Pick<WorkerProfile, 'id' | 'concurrency' | 'prefetch' | 'drainMs'>;
  readonly queue: Queue;
  readonly handler: Handler;
  readonly log: Logger;
}

export interface Worker {
  /** Rejects when the bus failed for good. */
  readonly closed: Promise<void>;
  /**
   * Takes nothing more, lets what runs end within the profile's drain time, hands everything else back. What does not
   * end in time is aborted and handed back.
   */
  drain(): Promise<void>;
}

/** A lease is extended after this share of the ack wait: two may fail before it is lost. */
const HEARTBEATS_PER_LEASE = 3;

/** Bounds of OpenTelemetry's conventions for times in seconds; the SDK's own suit milliseconds. */
const ATTEMPT_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Goes on to where promises of minutes are broken. */
const LATENCY_BUCKETS_S = [...ATTEMPT_BUCKETS_S, 30, 60, 120, 300, 600, 1_800];

/** Runs a handler on a queue with the profile's numbers. */
export function startWorker(options: WorkerOptions): Worker {
  return new WorkerLoop(options);
}

class WorkerLoop implements Worker {
  readonly closed: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #waiting: Lease[] = [];
  readonly #running = new Map<Lease, Promise<void>>();
  readonly #drainOver = new AbortController();
  readonly #consumption;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #instruments: Instruments;
  #draining = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#instruments = new Instruments(options.queue);
    this.#consumption = options.queue.consume({ prefetch: options.profile.prefetch }, (lease) => this.#take(lease));
    this.closed = this.#consumption.closed;
    this.#heartbeat = setInterval(() => this.#extendAll(), options.queue.profile.ackWaitMs / HEARTBEATS_PER_LEASE);
  }

  async drain(): Promise<void> {
    this.#draining = true;
    const timer = setTimeout(() => this.#drainOver.abort(new DrainOver()), this.#options.profile.drainMs);
    try {
      await this.#consumption.stop();
      // What arrived while it stopped waits here too.
      await Promise.all(this.#waiting.splice(0).map((lease) => this.#handBack(lease)));
      await Promise.all(this.#running.values());
    } finally {
      clearTimeout(timer);
      clearInterval(this.#heartbeat);
    }
  }

  #take(lease: Lease): void {
    this.#waiting.push(lease);
    this.#runNext();
  }

  #runNext(): void {
    while (!this.#draining && this.#running.size < this.#options.profile.concurrency) {
      const lease = this.#waiting.shift();
      if (lease === undefined) return;
      if (lease.signal.aborted) continue;
      const work = this.#work(lease).finally(() => {
        this.#running.delete(lease);
        this.#runNext();
      });
      this.#running.set(lease, work);
    }
  }

  async #work(lease: Lease): Promise<void> {
    const { handler, queue, log } = this.#options;
    const startedAt = performance.now();
    const jobLog = log.child({ item: lease.id, attempt: lease.attempt });
    const signal = AbortSignal.any([lease.signal, this.#drainOver.signal]);
    const deadline = Deadline.at(lease.publishedAt + queue.profile.doneWithinMs);
    const outcome = await this.#instruments.span(lease, async () => {
      try {
        await abortable(handler(lease, { signal, deadline, log: jobLog }), signal);
      } catch (error) {
        return this.#failed(lease, error, jobLog);
      }
      return this.#done(lease, jobLog);
    });
    this.#instruments.record(outcome, (performance.now() - startedAt) / 1_000, lease);
  }

  /** The effect is there: an ack that fails must not count as a failed attempt, the next delivery finds it applied. */
  async #done(lease: Lease, log: Logger): Promise<Outcome> {
    try {
      await lease.ack();
      return 'done';
    } catch (error) {
      log.warn({ err: error }, 'done, but the ack was not confirmed; the item may be delivered again');
      return 'lost';
    }
  }

  /** Settles a failed attempt. Never throws: the loop goes on. */
  async #failed(lease: Lease, error: unknown, log: Logger): Promise<Outcome> {
    if (lease.signal.aborted || KitError.is(error, 'lease-lost') || KitError.is(error, 'effect-fenced')) {
      log.warn({ err: error }, 'lease lost; another worker has the item or will');
      return 'lost';
    }
    // However the handler words it: work that the drain cut off is not a failed attempt.
    if (this.#drainOver.signal.aborted) {
      await this.#handBack(lease);
      return 'released';
    }
    try {
      const outcome = await lease.fail({ reason: reasonOf(error), retryable: isRetryable(error) });
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
    for (const lease of [...this.#running.keys(), ...this.#waiting]) {
      // A lost lease aborts its signal; a bus that cannot be reached is tried again at the next heartbeat.
      lease.extend().catch(() => {});
    }
  }
}

type Outcome = 'done' | 'retried' | 'dead-lettered' | 'released' | 'lost';

/** Why work was cut off when the drain time was over. */
class DrainOver extends Error {
  override readonly name = 'DrainOver';
}

/** The work, or the reason of the signal as soon as it aborts: a handler that ignores it must not hold up the loop. */
async function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const cut = Promise.withResolvers<never>();
  const onAbort = (): void => cut.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([work, cut.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => {});
    cut.promise.catch(() => {});
  }
}

/** Errors say themselves whether trying again can help; one that does not say is tried again. */
const isRetryable = (error: unknown): boolean =>
  (error as { readonly retryable?: unknown } | null)?.retryable !== false;

const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** Metrics and spans in the names of OpenTelemetry's messaging conventions. */
class Instruments {
  readonly #tracer = trace.getTracer('@penstock/kit');
  readonly #attributes: Readonly<Record<string, string>>;
  readonly #destination: string;
  readonly #process;
  readonly #consumed;
  readonly #latency;

  constructor(queue: Queue) {
    const meter = metrics.getMeter('@penstock/kit');
    this.#destination = queue.profile.id;
    this.#attributes = {
      'messaging.destination.name': queue.profile.id,
      'messaging.consumer.group.name': queue.profile.consumer,
    };
    this.#process = meter.createHistogram('messaging.process.duration', {
      unit: 's',
      description: 'Time of one attempt, settlement included',
      advice: { explicitBucketBoundaries: ATTEMPT_BUCKETS_S },
    });
    this.#consumed = meter.createCounter('messaging.client.consumed.messages', {
      description: 'Deliveries, by outcome',
    });
    this.#latency = meter.createHistogram('penstock.queue.latency', {
      unit: 's',
      description: 'From publish to effect, of items that were done',
      advice: { explicitBucketBoundaries: LATENCY_BUCKETS_S },
    });
    const depth = meter.createObservableGauge('penstock.queue.depth', { description: 'Items of the queue, by state' });
    depth.addCallback(async (result) => {
      for (const [state, count] of Object.entries(await queue.depth()))
        result.observe(count, { ...this.#attributes, state });
    });
  }

  record(outcome: Outcome, seconds: number, lease: Lease): void {
    const attributes = { ...this.#attributes, outcome };
    this.#process.record(seconds, attributes);
    this.#consumed.add(1, attributes);
    if (outcome === 'done') this.#latency.record((Date.now() - lease.publishedAt) / 1_000, this.#attributes);
  }

  /** A span of its own that links to whoever published: a retry next week is not a child of that request. */
  span(lease: Lease, work: () => Promise<Outcome>): Promise<Outcome> {
    const creation = trace.getSpanContext(propagation.extract(context.active(), lease.headers));
    const options = {
      kind: SpanKind.CONSUMER,
      attributes: this.#attributes,
      links: creation === undefined ? [] : [{ context: creation }],
    };
    return this.#tracer.startActiveSpan(`process ${this.#destination}`, options, async (span: Span) => {
      const outcome = await work();
      if (outcome !== 'done' && outcome !== 'released')
        span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
      span.end();
      return outcome;
    });
  }
}
