import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { PlatformMonitoring, type PlatformMonitoringProps } from '../constructs/kubernetes/index.ts';

/** What watches a platform. Last of all: a monitor of what is not there yet only alarms. */
export class ObservabilityChart extends Chart {
  readonly monitoring: PlatformMonitoring;

  constructor(scope: Construct, id: string, props: PlatformMonitoringProps) {
    super(scope, id, { namespace: props.namespace });
    this.monitoring = new PlatformMonitoring(this, 'monitoring', props);
  }
}
