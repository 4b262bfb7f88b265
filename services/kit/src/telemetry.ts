import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { TracerProvider } from '@opentelemetry/sdk-trace';

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

/**
 * Sets up the process's OpenTelemetry: code anywhere uses `@opentelemetry/api` and knows nothing of this. The SDK is read
 * here and not before: it is most of what the kit would cost a process that starts no telemetry.
 */
export async function startTelemetry({ service, instance, tracesEndpoint }: TelemetryOptions): Promise<Telemetry> {
  const [{ W3CTraceContextPropagator }, { PrometheusExporter }, { resourceFromAttributes }, { MeterProvider }] =
    await Promise.all([
      import('@opentelemetry/core'),
      import('@opentelemetry/exporter-prometheus'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-metrics'),
    ]);
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
  // Without an exporter the no-op tracer stays: a span that nobody gets is not worth its microseconds.
  const tracers = tracesEndpoint === undefined ? undefined : await startTracing(tracesEndpoint, resource, meters);
  return {
    handleMetrics: (request, response) => prometheus.getMetricsRequestHandler(request, response),
    async shutdown() {
      await Promise.allSettled([meters.shutdown(), tracers?.shutdown()]);
      trace.disable();
      metrics.disable();
      propagation.disable();
      context.disable();
    },
  };
}

async function startTracing(endpoint: string, resource: Resource, meters: MeterProvider): Promise<TracerProvider> {
  const [{ AsyncLocalStorageContextManager }, { OTLPTraceExporter }, sdk] = await Promise.all([
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/sdk-trace'),
  ]);
  const exports = new sdk.BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
    scheduledDelayMillis: EXPORT_DELAY_MS,
    maxExportBatchSize: SPANS_AT_ONCE,
    maxQueueSize: MOST_SPANS_HELD,
    selfObsMeterProvider: meters,
  });
  // Everything is recorded, whatever a caller outside decided for itself: what went wrong is only known at the end, and
  // there the collector decides (docs/adr/0012).
  const tracers = new sdk.TracerProvider({ resource, spanProcessors: [exports], sampler: new sdk.AlwaysOnSampler() });
  trace.setGlobalTracerProvider(tracers);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return tracers;
}
