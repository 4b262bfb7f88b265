import { type Span, SpanStatusCode } from '@opentelemetry/api';

/** Ends well for whoever looks at it, or not: a collector keeps every trace with a span that failed. */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', errorTypeOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
}

/** A code where the error has one: few enough to group by. */
function errorTypeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : '_OTHER';
}
