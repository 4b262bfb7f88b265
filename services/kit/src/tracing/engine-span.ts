import { context, propagation, type Span, SpanKind, trace } from '@opentelemetry/api';
import { markFailed } from './failure.ts';

export interface EngineRequest {
  /** Where the engine is, in the words of `engineProtocol`. */
  readonly url: string;
  readonly model: string;
  readonly inputs: number;
}

/** By the protocol of its address; the names that the conventions have, where they have one. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'vertex:': 'gcp.vertex_ai',
  'bedrock:': 'aws.bedrock',
  'sagemaker:': 'aws.sagemaker',
};

/**
 * Runs one call of an engine in a span, in the names of OpenTelemetry's conventions for generative AI.
 *
 * @param call sends the headers that it is given, by which the engine's own spans become children
 */
export function inEngineSpan<Result>(
  operation: 'embeddings',
  { url, model, inputs }: EngineRequest,
  call: (span: Span, headers: Readonly<Record<string, string>>) => Promise<Result>,
): Promise<Result> {
  return trace
    .getTracer('@penstock/kit')
    .startActiveSpan(`${operation} ${model}`, { kind: SpanKind.CLIENT }, async (span) => {
      if (span.isRecording()) {
        const { hostname, port, protocol } = new URL(url);
        span.setAttributes({
          'gen_ai.operation.name': operation,
          'gen_ai.provider.name': PROVIDERS[protocol] ?? 'penstock',
          'gen_ai.request.model': model,
          'penstock.engine.inputs': inputs,
          'server.address': hostname,
          'server.port': port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
        });
      }
      const headers: Record<string, string> = {};
      propagation.inject(context.active(), headers);
      try {
        return await call(span, headers);
      } catch (error) {
        markFailed(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
}
