import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

export interface TelemetryOptions {
  readonly service: string;
  /** Logical id of the workload: one service may run as several. */
  readonly instance: string;
  /** Collector for traces, e.g. `http://collector:4318`. @default - no spans are made */
  readonly tracesEndpoint?: string;
}

export interface Telemetry {
  /** Answers `/metrics` in the Prometheus text format. */
  handleMetrics(request: IncomingMessage, response: ServerResponse): void;
  /** Sends what is left. */
  shutdown(): Promise<void>;
}

/**
 * Spans wait this long for others that go with them. A collector decides about a trace when its root has come, and waits
 * for what other processes still hold of it: a little longer than this.
 */
const EXPORT_DELAY_MS = 1_000;
/** What is held while the collector does not answer; then spans are lost, and counted. Some 1 KiB each. */
const MOST_SPANS_HELD = 8_192;
/** Spans in one request to the collector. */
const SPANS_AT_ONCE = 512;

/** Sets up the process's OpenTelemetry: code anywhere uses `@opentelemetry/api` and knows nothing of this. */
export function startTelemetry({ service, instance, tracesEndpoint }: TelemetryOptions): Telemetry {
  const resource = resourceFromAttributes({
    'service.name': service,
    'service.instance.id': instance,
    // In a cluster the name of the pod: which of the replicas it was.
    'host.name': hostname(),
  });
  const prometheus = new PrometheusExporter({ preventServerStart: true });
  const meters = new MeterProvider({ resource, readers: [prometheus] });
  metrics.setGlobalMeterProvider(meters);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const spanProcessors =
    tracesEndpoint === undefined
      ? []
      : [
          new BatchSpanProcessor({
            exporter: new OTLPTraceExporter({ url: `${tracesEndpoint.replace(/\/+$/, '')}/v1/traces` }),
            scheduledDelayMillis: EXPORT_DELAY_MS,
            maxExportBatchSize: SPANS_AT_ONCE,
            maxQueueSize: MOST_SPANS_HELD,
            selfObsMeterProvider: meters,
          }),
        ];
  // Everything is recorded, whatever a caller outside decided for itself: what went wrong is only known at the end, and
  // there the collector decides (docs/adr/0012).
  const tracers = new TracerProvider({ resource, spanProcessors, sampler: new AlwaysOnSampler() });
  // Without an exporter the no-op tracer stays: a span that nobody gets is not worth its microseconds.
  if (tracesEndpoint !== undefined) {
    trace.setGlobalTracerProvider(tracers);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }
  return {
    handleMetrics: (request, response) => prometheus.getMetricsRequestHandler(request, response),
    async shutdown() {
      await Promise.allSettled([meters.shutdown(), tracers.shutdown()]);
      trace.disable();
      metrics.disable();
      propagation.disable();
      context.disable();
    },
  };
}
