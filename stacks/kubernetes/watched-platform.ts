import { Bytes, type Topology } from '@penstock/model';
import { platformDashboardJson, type WatchedPlatform } from '../../constructs/monitoring/platform-rules.ts';
import type { KubernetesEnvironment, TracesEnvironment } from '../environments/index.ts';
import { watchedTraces } from './traces.ts';

type Place = Pick<KubernetesEnvironment, 'namespace' | 'nats' | 'streamSize' | 'runbooks'> & {
  readonly traces?: Pick<TracesEnvironment, 'kept'>;
};

/** A platform in a cluster, as those see it who watch it from outside of the cluster. */
export function watchedPlatform(
  topology: Topology,
  { namespace, nats, streamSize, traces, runbooks }: Place,
): WatchedPlatform {
  const servers =
    'existing' in nats
      ? { namespace: nats.existing.namespace, servers: nats.existing.replicas }
      : { namespace: nats.cluster.namespace, servers: nats.cluster.servers };
  return {
    topology,
    namespace,
    nats: {
      ...servers,
      // As the monitor of the broker is named, by which the operator of Prometheus names its targets.
      job: `${namespace}/${topology.name}-nats`,
      streamSize: Bytes.parse(streamSize),
    },
    ...(traces === undefined ? {} : { traces: watchedTraces(topology, traces) }),
    ...(runbooks === undefined ? {} : { runbooks: { url: runbooks } }),
  };
}

/** The platform's dashboard as Grafana imports it. */
export const platformDashboardOf = (topology: Topology, place: Place): string =>
  platformDashboardJson(watchedPlatform(topology, place));
