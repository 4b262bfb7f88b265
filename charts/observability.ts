import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  PlatformMonitoring,
  type PlatformMonitoringProps,
  TraceCollector,
  type TraceCollectorProps,
} from '../constructs/kubernetes/index.ts';

export interface ObservabilityChartProps extends Omit<PlatformMonitoringProps, 'traces'> {
  /** Who keeps what of the traces. @default - nobody traces */
  readonly traces?: Omit<TraceCollectorProps, 'topology' | 'overrides'>;
}

/** What watches a platform. Last of all: a monitor of what is not there yet only alarms. */
export class ObservabilityChart extends Chart {
  readonly monitoring: PlatformMonitoring;
  readonly traces: TraceCollector | undefined;

  constructor(scope: Construct, id: string, { traces, ...props }: ObservabilityChartProps) {
    super(scope, id, { namespace: props.namespace });
    const { topology } = props;
    this.traces = traces === undefined ? undefined : new TraceCollector(this, 'traces', { topology, ...traces });
    this.monitoring = new PlatformMonitoring(this, 'monitoring', {
      ...props,
      ...(traces === undefined
        ? {}
        : {
            traces: { name: traces.service.name, replicas: traces.load.replicas, spansQueued: traces.load.spansQueued },
          }),
    });
  }
}
