import { SpanKind, trace } from '@opentelemetry/api';
import { DrainOver } from '../attempt.ts';
import { markFailed } from '../tracing/failure.ts';
import { creationLinks } from '../tracing/links.ts';
import type { JobRecord } from './job.ts';
import { JobCancelled, Snooze } from './job-attempt.ts';

/** Ends of an attempt that nothing failed in. */
const ENDS = [Snooze, JobCancelled, DrainOver] as const;

/**
 * Runs the handler of a job in a span within that of the delivery. It links to whoever added the job, whatever process
 * released it since, and is found by the id of the job.
 */
export function inJobSpan<Result>(record: JobRecord, work: () => Promise<Result>): Promise<Result> {
  const attributes = {
    'penstock.job.id': record.id,
    'penstock.job.task': record.task,
    'penstock.job.attempt': record.attempt,
  };
  const options = { kind: SpanKind.INTERNAL, attributes, links: creationLinks(record.headers) };
  return trace.getTracer('@penstock/kit').startActiveSpan(`run ${record.task}`, options, async (span) => {
    try {
      return await work();
    } catch (error) {
      if (ENDS.some((end) => error instanceof end)) span.setAttribute('penstock.outcome', (error as Error).name);
      else markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}
