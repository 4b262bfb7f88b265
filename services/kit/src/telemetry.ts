import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

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

/** Sets up the process's OpenTelemetry: code anywhere uses `@opentelemetry/api` and knows nothing of this. */
export function startTelemetry({ service, instance, tracesEndpoint }: TelemetryOptions): Telemetry {
  const resource = resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance });
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
          }),
        ];
  const tracers = new TracerProvider({ resource, spanProcessors });
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
