import type { CfnAlarmProps } from 'aws-cdk-lib/aws-cloudwatch';
import { type DimensionsOf, METRICS, type MetricId } from './cloudwatch-metrics.ts';

export type Statistic = 'Average' | 'Maximum' | 'Minimum' | 'Sum' | 'p99';

/** One metric of one thing. */
export interface Measured {
  readonly metric: MetricId;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: Statistic;
}

/** What an alarm looks at: a metric, several of them in an expression, or a query over all that fit. */
export type Signal =
  | { readonly kind: 'metric'; readonly measured: Measured }
  | { readonly kind: 'expression'; readonly expression: string; readonly of: Readonly<Record<string, Measured>> }
  | { readonly kind: 'query'; readonly query: string; readonly metric: MetricId };

/** Metrics of Amazon's services come once a minute. */
export const PERIOD_SECONDS = 60;

export const measured = <M extends MetricId>(
  metric: M,
  dimensions: DimensionsOf<M>,
  statistic: Statistic,
): Measured => ({ metric, dimensions, statistic });

export const ofMetric = <M extends MetricId>(metric: M, dimensions: DimensionsOf<M>, statistic: Statistic): Signal => ({
  kind: 'metric',
  measured: measured(metric, dimensions, statistic),
});

/** Ids stand in the expression; they begin with a lower-case letter. */
export const ofExpression = (expression: string, of: Readonly<Record<string, Measured>>): Signal => ({
  kind: 'expression',
  expression,
  of,
});

/** The highest of several things. */
export const highestOf = (each: readonly Measured[]): Signal =>
  ofExpression('MAX(METRICS())', Object.fromEntries(each.map((one, n) => [`m${n}`, one])));

/** Over everything that has the stated dimensions, whatever the others are: brokers come and go. */
export function ofAll<M extends MetricId>(
  metric: M,
  aggregate: 'MAX' | 'SUM',
  where: Partial<DimensionsOf<M>>,
): Signal {
  const { namespace, name, dimensions } = METRICS[metric];
  const schema = [namespace, ...dimensions].map((part) => `"${part}"`).join(', ');
  const matches = Object.entries(where as Readonly<Record<string, string>>)
    .map(([dimension, value]) => `"${dimension}" = '${value}'`)
    .join(' AND ');
  return { kind: 'query', metric, query: `SELECT ${aggregate}("${name}") FROM SCHEMA(${schema}) WHERE ${matches}` };
}

/** The metrics of a signal, by their ids in this house. */
export const metricsIn = (signal: Signal): readonly MetricId[] => {
  switch (signal.kind) {
    case 'metric':
      return [signal.measured.metric];
    case 'expression':
      return Object.values(signal.of).map(({ metric }) => metric);
    case 'query':
      return [signal.metric];
  }
};

/** A metric as CloudWatch finds it. */
export const located = ({ metric, dimensions }: Measured) => ({
  namespace: METRICS[metric].namespace,
  metricName: METRICS[metric].name,
  dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value })),
});

/** The part of an alarm that says what it looks at. */
export function loweredSignal(signal: Signal): Partial<CfnAlarmProps> {
  switch (signal.kind) {
    case 'metric': {
      const { statistic } = signal.measured;
      return {
        ...located(signal.measured),
        period: PERIOD_SECONDS,
        ...(statistic === 'p99' ? { extendedStatistic: statistic } : { statistic }),
      };
    }
    case 'expression':
      return {
        metrics: [
          { id: 'value', expression: signal.expression, returnData: true },
          ...Object.entries(signal.of).map(([id, each]) => ({
            id,
            metricStat: { metric: located(each), period: PERIOD_SECONDS, stat: each.statistic },
            returnData: false,
          })),
        ],
      };
    case 'query':
      return { metrics: [{ id: 'value', expression: signal.query, period: PERIOD_SECONDS, returnData: true }] };
  }
}
