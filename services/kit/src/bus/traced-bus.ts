import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import type { QueueProfile } from '@penstock/model';
import { markFailed } from '../tracing/failure.ts';
import type {
  Bus,
  ConsumeOptions,
  Consumption,
  DeadLetter,
  Lease,
  OutgoingItem,
  PublishReceipt,
  Queue,
  QueueDepth,
} from './port.ts';

/** A driver's bus whose publishes are spans. What is taken becomes a span where it is worked on. */
export class TracedBus implements Bus {
  readonly guarantees;
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
    this.guarantees = bus.guarantees;
  }

  async bind(profile: QueueProfile): Promise<Queue> {
    return new TracedQueue(await this.#bus.bind(profile), this.guarantees.driver);
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class TracedQueue implements Queue {
  readonly profile: QueueProfile;
  readonly system: string;
  readonly #queue: Queue;
  readonly #tracer = trace.getTracer('@penstock/kit');
  readonly #name: string;
  readonly #attributes: Readonly<Record<string, string>>;

  constructor(queue: Queue, system: string) {
    this.#queue = queue;
    this.profile = queue.profile;
    this.system = system;
    this.#name = `publish ${queue.profile.id}`;
    this.#attributes = {
      'messaging.system': system,
      'messaging.operation.type': 'send',
      'messaging.operation.name': 'publish',
      'messaging.destination.name': queue.profile.id,
    };
  }

  publish(item: OutgoingItem): Promise<PublishReceipt> {
    const span = this.#tracer.startSpan(this.#name, { kind: SpanKind.PRODUCER, attributes: this.#attributes });
    // Nobody traces here: what travels with the item already goes on as it is.
    if (!span.isRecording()) return this.#queue.publish(item);
    span.setAttribute('messaging.message.body.size', item.payload.length);
    const here = trace.setSpan(context.active(), span);
    const headers = { ...item.headers };
    // An item that was made elsewhere keeps the context of its maker: to that its attempts link.
    if (headers['traceparent'] === undefined) propagation.inject(here, headers);
    return context
      .with(here, () => this.#queue.publish({ ...item, headers }))
      .then(
        (receipt) => {
          span.setAttributes({ 'messaging.message.id': receipt.id, 'penstock.duplicate': receipt.duplicate }).end();
          return receipt;
        },
        (error: unknown) => {
          markFailed(span, error);
          span.end();
          throw error;
        },
      );
  }

  consume(options: ConsumeOptions, onLease: (lease: Lease) => void): Consumption {
    return this.#queue.consume(options, onLease);
  }

  depth(): Promise<QueueDepth> {
    return this.#queue.depth();
  }

  deadLetters(options?: { readonly limit?: number }): Promise<readonly DeadLetter[]> {
    return this.#queue.deadLetters(options);
  }
}
