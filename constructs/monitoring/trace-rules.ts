import { Duration } from '@penstock/model';
import type { AlertProps } from './alert.ts';
import { rate, series, TRACE_METRICS } from './promql.ts';

/** A collector of traces, by the name of its Deployment. */
export interface WatchedTraces {
  readonly name: string;
  readonly replicas: number;
  /** Spans that wait in each replica at most. */
  readonly spansQueued: number;
}

/** A replica that is replaced is back by then. */
const MISSING_HOLDS = Duration.parse('10 minutes');
const LOST_HOLDS = Duration.parse('5 minutes');
const WINDOW = '5m';

/** Traces are for whoever looks for a fault: that some are lost waits for the morning. */
export function traceAlertRules(
  namespace: string,
  { name, replicas, spansQueued }: WatchedTraces,
): readonly AlertProps[] {
  const of = { namespace, app_kubernetes_io_name: name };
  const labels = { namespace, collector: name };
  const growth = (metric: string, matchers = of): string => `sum(${rate(series(metric, matchers), WINDOW)})`;
  const lost = [
    ...[
      TRACE_METRICS.refused,
      TRACE_METRICS.failed,
      TRACE_METRICS.notQueued,
      TRACE_METRICS.notSent,
      TRACE_METRICS.tooEarly,
    ].map((metric) => growth(metric)),
    `sum(${rate(series(TRACE_METRICS.processed, { namespace, error_type: /.+/ }), WINDOW)})`,
  ];
  return [
    {
      name: 'PenstockTracesMissing',
      expr: `(sum(${series('up', of)}) or vector(0)) < ${replicas}`,
      holds: MISSING_HOLDS,
      severity: 'ticket',
      labels,
      summary: `${name}: a collector of traces does not answer`,
      description: `{{ $value }} of ${replicas} replicas answer; each of the others takes the traces of one that is gone, and with none of them services lose their spans.`,
    },
    {
      name: 'PenstockSpansLost',
      expr: `${lost.map((expression) => `(${expression} or vector(0))`).join(' + ')} > 0`,
      holds: LOST_HOLDS,
      severity: 'ticket',
      labels,
      summary: `${name}: spans are lost`,
      description: `{{ $value }} spans or traces a second are refused, find no room in a queue of ${spansQueued} or are not taken by the back end: what failed may be missing in it.`,
    },
  ];
}
