import type { Topology } from '@penstock/model';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { ADDONS } from '../../charts/addons.ts';
import type { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import { MetricsReader } from '../../constructs/gcp/metrics-reader.ts';
import { NotificationChannels, type Recipient } from '../../constructs/gcp/monitoring/notification-channels.ts';
import { PlatformMonitoring } from '../../constructs/gcp/monitoring/platform-monitoring.ts';
import type { VertexInference } from '../../constructs/gcp/vertex-inference.ts';
import type { WatchedPlatform } from '../../constructs/monitoring/platform-rules.ts';
import type { DataServices } from './data-services.ts';
import type { GcpEnvironment } from './environment.ts';

/** What Google runs for the platform beside its cluster. */
interface Beside {
  readonly data: DataServices;
  /** By the id of the engine. */
  readonly vertex: Readonly<Record<string, VertexInference>>;
}

/** Watches a platform from outside of its cluster, and tells whom the environment names. */
export function observe(
  watched: WatchedPlatform,
  { project, alerts }: GcpEnvironment,
  { data: { kafka, database, cache }, vertex }: Beside,
  options: ComponentResourceOptions,
): PlatformMonitoring {
  const { name } = watched.topology;
  const told = { pages: alerts.pages.map(recipientOf), tickets: alerts.tickets.map(recipientOf) };
  const { notified } = new NotificationChannels(name, { project, ...told }, options);
  const managed = {
    endpoints: Object.fromEntries(Object.entries(vertex).map(([id, { nodes }]) => [id, nodes.endpoint])),
    ...(kafka === undefined ? {} : { kafka }),
    ...(database === undefined ? {} : { database }),
    ...(cache === undefined ? {} : { cache }),
  };
  return new PlatformMonitoring(name, { ...watched, project, notified, managed }, options);
}

/** Who KEDA is, which asks how fast work comes. */
export const arrivalsReader = (
  { name }: Topology,
  { project }: GcpEnvironment,
  cluster: GkeCluster,
  options: ComponentResourceOptions,
): MetricsReader =>
  new MetricsReader(
    `${name}-keda`,
    {
      project,
      cluster,
      workload: `${name}-keda`,
      serviceAccount: { namespace: ADDONS.keda.namespace, name: 'keda-operator' },
    },
    options,
  );

const recipientOf = (written: string): Recipient =>
  written.startsWith('projects/') ? { kind: 'channel', name: written } : { kind: 'email', address: written };
