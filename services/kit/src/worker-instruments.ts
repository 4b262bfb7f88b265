import { metrics } from '@opentelemetry/api';
import type { Lease, Queue } from './bus/port.ts';

/** How a delivery ended. */
export type Outcome = 'done' | 'retried' | 'dead-lettered' | 'released' | 'lost';

/** Bounds of OpenTelemetry's conventions for times in seconds; the SDK's own suit milliseconds. */
const ATTEMPT_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Goes on to where promises of minutes are broken. */
const LATENCY_BUCKETS_S = [...ATTEMPT_BUCKETS_S, 30, 60, 120, 300, 600, 1_800];

/** The promise is a bound of its own: how many items kept it is counted, not interpolated. */
const latencyBuckets = (doneWithinMs: number): number[] =>
  [...new Set([...LATENCY_BUCKETS_S, doneWithinMs / 1_000])].toSorted((a, b) => a - b);

/** Metrics in the names of OpenTelemetry's messaging conventions. */
export class WorkerInstruments {
  readonly #attributes: Readonly<Record<string, string>>;
  readonly #process;
  readonly #consumed;
  readonly #latency;

  constructor(queue: Queue) {
    const meter = metrics.getMeter('@penstock/kit');
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
      advice: { explicitBucketBoundaries: latencyBuckets(queue.profile.doneWithinMs) },
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
}
