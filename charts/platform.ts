import type { TraceLoad } from '@penstock/model';
import type { Construct } from 'constructs';
import {
  footprintsOf,
  type Peer,
  type PlatformMonitoringProps,
  rolledOut,
  TraceService,
} from '../constructs/kubernetes/index.ts';
import { MessagingChart, type MessagingChartProps } from './messaging.ts';
import { NamespaceChart } from './namespace.ts';
import { ObservabilityChart, type ObservabilityChartProps } from './observability.ts';
import { insideOf, WorkloadsChart, type WorkloadsChartProps } from './workloads.ts';

export interface PlatformChartsProps
  extends Omit<WorkloadsChartProps, 'traces'>,
    Pick<MessagingChartProps, 'streamSize'>,
    Pick<PlatformMonitoringProps, 'runbooks' | 'collector'> {
  /** Who keeps what of the traces. @default - nobody traces */
  readonly traces?: TracesProps;
}

export type TracesProps = Omit<
  NonNullable<ObservabilityChartProps['traces']>,
  'service' | 'senders' | 'monitoringNamespace'
>;

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
export function platformCharts(scope: Construct, { traces, ...props }: PlatformChartsProps): PlatformCharts {
  const { namespace, nats, streamSize, runbooks, collector, monitoringNamespace } = props;
  const topology = insideOf(props.topology, props.outsideEngines);
  const service = traces === undefined ? undefined : new TraceService(topology, namespace);
  const workloads = (): WorkloadsChart =>
    new WorkloadsChart(scope, '3-workloads', { ...props, ...(service === undefined ? {} : { traces: service }) });
  const before = {
    namespace: new NamespaceChart(scope, '1-namespace', {
      topology,
      namespace,
      effectsSize: props.effects.size,
      footprints: [...footprintsOf(topology), ...(traces === undefined ? [] : [traceFootprint(traces.load)])],
    }),
    messaging: new MessagingChart(scope, '2-messaging', props),
    workloads: workloads(),
  };
  return {
    ...before,
    observability: new ObservabilityChart(scope, '4-observability', {
      topology,
      namespace,
      broker: { nats, streamSize },
      ...(runbooks === undefined ? {} : { runbooks }),
      ...(collector === undefined ? {} : { collector }),
      ...(traces === undefined || service === undefined
        ? {}
        : {
            traces: {
              ...traces,
              service,
              senders: sendersOf(before.workloads, service),
              ...(monitoringNamespace === undefined ? {} : { monitoringNamespace }),
            },
          }),
    }),
  };
}

const traceFootprint = ({ replicas, resources }: TraceLoad) => rolledOut(replicas, resources);

/** Everyone whose own rules let it out to the collector. */
const sendersOf = ({ network }: WorkloadsChart, service: TraceService): readonly Peer[] =>
  network.sendersTo(service.flow).map((pods) => ({ pods }));
