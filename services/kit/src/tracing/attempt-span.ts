import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Lease, Queue } from '../bus/port.ts';
import type { Outcome } from '../worker-instruments.ts';
import { markFailed } from './failure.ts';
import { creationLinks } from './links.ts';

/** What is done to a delivery at its end. */
const OPERATIONS = {
  done: 'ack',
  retried: 'nack',
  'dead-lettered': 'reject',
  released: 'release',
  lost: 'settle',
} as const satisfies Readonly<Record<Outcome, string>>;

/**
 * Spans of what is taken from one queue, in the names of OpenTelemetry's messaging conventions. There is none for
 * receiving: items are pushed to a worker, and what one waits for the next item is nobody's time.
 */
export class AttemptSpans {
  readonly #tracer = trace.getTracer('@penstock/kit');
  readonly #doneWithinMs: number;
  readonly #queue: TakenFrom;

  constructor({ profile, system }: Pick<Queue, 'profile' | 'system'>) {
    this.#doneWithinMs = profile.doneWithinMs;
    this.#queue = {
      destination: profile.id,
      attributes: {
        ...(system === undefined ? {} : { 'messaging.system': system }),
        'messaging.destination.name': profile.id,
        'messaging.consumer.group.name': profile.consumer,
      },
    };
  }

  /** A span of its own that links to whoever published: a retry next week is not a child of that request. */
  start(lease: Lease): AttemptSpan {
    const { destination, attributes } = this.#queue;
    const span = this.#tracer.startSpan(`process ${destination}`, {
      kind: SpanKind.CONSUMER,
      root: true,
      links: creationLinks(lease.headers),
      attributes: {
        ...attributes,
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'process',
        'messaging.message.id': lease.id,
        'messaging.message.body.size': lease.payload.length,
        'penstock.attempt': lease.attempt,
      },
    });
    return new AttemptSpan(this.#tracer, this.#queue, span, lease.publishedAt + this.#doneWithinMs);
  }
}

interface TakenFrom {
  readonly destination: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The span of one attempt, from its start to the end of its settlement. */
export class AttemptSpan {
  readonly #tracer: Tracer;
  readonly #queue: TakenFrom;
  readonly #span: Span;
  readonly #context: Context;
  /** When the item is late, in milliseconds since the epoch. */
  readonly #dueAt: number;
  #error: unknown;

  constructor(tracer: Tracer, queue: TakenFrom, span: Span, dueAt: number) {
    this.#tracer = tracer;
    this.#queue = queue;
    this.#span = span;
    this.#context = trace.setSpan(ROOT_CONTEXT, span);
    this.#dueAt = dueAt;
  }

  /** Runs work whose own spans and calls belong to this one. */
  within<T>(work: () => T): T {
    return context.with(this.#context, work);
  }

  /** Why the attempt came to no good end, if it does. */
  failedBy(error: unknown): void {
    this.#error = error;
  }

  /** Runs what tells the broker, in a span of its own. */
  async settling(settle: () => Promise<Outcome>): Promise<Outcome> {
    if (!this.#span.isRecording()) return settle();
    const { destination, attributes } = this.#queue;
    const span = this.#tracer.startSpan(
      `settle ${destination}`,
      { kind: SpanKind.CLIENT, attributes: { ...attributes, 'messaging.operation.type': 'settle' } },
      this.#context,
    );
    const outcome = await context.with(trace.setSpan(this.#context, span), settle);
    const operation = OPERATIONS[outcome];
    span.updateName(`${operation} ${destination}`).setAttribute('messaging.operation.name', operation);
    if (outcome === 'lost') span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    span.end();
    return outcome;
  }

  /** What failed and what kept no promise says so: a collector keeps it by that. */
  end(outcome: Outcome): void {
    if (!this.#span.isRecording()) return;
    this.#span.setAttribute('penstock.outcome', outcome);
    if (outcome !== 'done' && outcome !== 'released') markFailed(this.#span, this.#error ?? outcome);
    if (outcome !== 'released' && outcome !== 'retried' && Date.now() > this.#dueAt)
      this.#span.setAttribute('penstock.late', true);
    this.#span.end();
  }
}
