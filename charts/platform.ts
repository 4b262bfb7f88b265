import type { Construct } from 'constructs';
import type { PlatformMonitoringProps } from '../constructs/kubernetes/index.ts';
import { MessagingChart, type MessagingChartProps } from './messaging.ts';
import { NamespaceChart } from './namespace.ts';
import { ObservabilityChart } from './observability.ts';
import { WorkloadsChart, type WorkloadsChartProps } from './workloads.ts';

export interface PlatformChartsProps
  extends WorkloadsChartProps,
    Pick<MessagingChartProps, 'streamSize'>,
    Pick<PlatformMonitoringProps, 'runbooks' | 'collector'> {}

export interface PlatformCharts {
  readonly namespace: NamespaceChart;
  readonly messaging: MessagingChart;
  readonly workloads: WorkloadsChart;
  readonly observability: ObservabilityChart;
}

/**
 * A whole platform on a broker that is there: one chart a concern, in the order in which they have to be applied. Their
 * ids begin with it, since cdk8s names its files by them; 0 is left for a broker of the platform's own. Said as dependencies
 * between charts it would be one from each object to each of the chart before.
 */
export function platformCharts(scope: Construct, props: PlatformChartsProps): PlatformCharts {
  const { topology, namespace, nats, streamSize, runbooks, collector } = props;
  return {
    namespace: new NamespaceChart(scope, '1-namespace', { topology, namespace, effectsSize: props.effects.size }),
    messaging: new MessagingChart(scope, '2-messaging', props),
    workloads: new WorkloadsChart(scope, '3-workloads', props),
    observability: new ObservabilityChart(scope, '4-observability', {
      topology,
      namespace,
      broker: { nats, streamSize },
      ...(runbooks === undefined ? {} : { runbooks }),
      ...(collector === undefined ? {} : { collector }),
    }),
  };
}
