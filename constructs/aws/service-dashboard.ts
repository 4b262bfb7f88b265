import { Stack } from 'aws-cdk-lib';
import { CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { AlarmSpec, WatchedService } from './alarm.ts';
import { type Measured, PERIOD_SECONDS, type Signal } from './alarm-signal.ts';
import { METRICS } from './cloudwatch-metrics.ts';

export interface ServiceDashboardProps {
  /** Once in an account. */
  readonly name: string;
  readonly services: readonly WatchedService[];
}

/** CloudWatch's grid is 24 wide. */
const GRID = 24;
const WIDGETS_A_ROW = 3;
const HEIGHT = 6;

/** One dashboard of what Amazon runs for an environment: what each alarm looks at, with its limit as a line. */
export class ServiceDashboard extends Construct {
  readonly nodes: { readonly dashboard: CfnDashboard };

  constructor(scope: Construct, id: string, { name, services }: ServiceDashboardProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const dashboard = new CfnDashboard(this, 'Resource', {
      dashboardName: name,
      dashboardBody: stack.toJsonString({ widgets: widgets(services, stack.region) }),
    });
    this.nodes = { dashboard };
  }
}

function widgets(services: readonly WatchedService[], region: string): readonly object[] {
  let y = 0;
  return services.flatMap(({ title, alarms }) => {
    const heading = { type: 'text', x: 0, y, width: GRID, height: 1, properties: { markdown: `## ${title}` } };
    const top = y + 1;
    y = top + Math.ceil(alarms.length / WIDGETS_A_ROW) * HEIGHT;
    const width = GRID / WIDGETS_A_ROW;
    const graphs = alarms.map((spec, n) => ({
      type: 'metric',
      x: (n % WIDGETS_A_ROW) * width,
      y: top + Math.floor(n / WIDGETS_A_ROW) * HEIGHT,
      width,
      height: HEIGHT,
      properties: graph(spec, region),
    }));
    return [heading, ...graphs];
  });
}

function graph({ name, subject, signal, limit }: AlarmSpec, region: string): object {
  return {
    title: `${name}: ${subject}`,
    view: 'timeSeries',
    region,
    period: PERIOD_SECONDS,
    yAxis: { left: { min: 0 } },
    metrics: lines(signal),
    annotations: { horizontal: [{ label: 'limit', value: Object.values(limit)[0] }] },
  };
}

function lines(signal: Signal): readonly (readonly unknown[])[] {
  switch (signal.kind) {
    case 'metric':
      return [line(signal.measured, {})];
    case 'expression':
      return [
        [{ id: 'value', expression: signal.expression, label: signal.expression }],
        ...Object.entries(signal.of).map(([id, measured]) => line(measured, { id, visible: false })),
      ];
    case 'query':
      return [[{ id: 'value', expression: signal.query, label: METRICS[signal.metric].name }]];
  }
}

const line = ({ metric, dimensions, statistic }: Measured, options: object): readonly unknown[] => [
  METRICS[metric].namespace,
  METRICS[metric].name,
  ...Object.entries(dimensions).flat(),
  { stat: statistic, ...options },
];
