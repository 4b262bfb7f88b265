import { type Link, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';

/** To whoever made an item or a job, by the headers that travel with it; none where nobody was traced. */
export function creationLinks(headers: Readonly<Record<string, string>>): Link[] {
  const creation = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers));
  return creation === undefined ? [] : [{ context: creation }];
}
