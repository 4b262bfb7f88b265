import type { Bytes, Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { type Footprint, NamespaceBaseline } from '../constructs/kubernetes/index.ts';

export interface NamespaceChartProps {
  readonly topology: Topology;
  readonly namespace: string;
  /** Size of the volume of effects that each worker has. */
  readonly effectsSize: Bytes;
  /** What has to find room in it. @default - every workload of the topology */
  readonly footprints?: readonly Footprint[];
}

/** What has to be there before anything else is. */
export class NamespaceChart extends Chart {
  readonly baseline: NamespaceBaseline;

  constructor(scope: Construct, id: string, props: NamespaceChartProps) {
    super(scope, id);
    const count = Object.keys(props.topology.workers).length;
    const claims = { count, storage: props.effectsSize.times(count) };
    this.baseline = new NamespaceBaseline(this, 'baseline', {
      topology: props.topology,
      name: props.namespace,
      claims,
      ...(props.footprints === undefined ? {} : { footprints: props.footprints }),
    });
  }
}
