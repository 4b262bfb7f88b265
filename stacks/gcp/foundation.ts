import type { Topology } from '@penstock/model';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { ArtifactPlaces } from '../../constructs/gcp/artifact-store.ts';
import { EncryptionKey } from '../../constructs/gcp/encryption-key.ts';
import { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import type { ServiceAgent } from '../../constructs/gcp/google-project.ts';
import { Network } from '../../constructs/gcp/network.ts';
import { NodeAccount } from '../../constructs/gcp/node-account.ts';
import type { GcpEnvironment } from './environment.ts';

/** What everything else of an environment stands on. */
export interface Foundation {
  readonly network: Network;
  readonly cluster: GkeCluster;
}

/** The name of a key says what it opens; each is used by one service of Google. */
export const platformKey = (
  { name }: Topology,
  { project, region, environment }: GcpEnvironment,
  what: string,
  agent: ServiceAgent,
  options: ComponentResourceOptions,
): EncryptionKey =>
  new EncryptionKey(`${name}-${what}`, { project, location: region, usedBy: [agent], environment }, options);

export function foundationOf(
  topology: Topology,
  environment: GcpEnvironment,
  artifacts: ArtifactPlaces,
  options: ComponentResourceOptions,
): Foundation {
  const { name } = topology;
  const { project, region, environment: kind, data } = environment;
  const network = new Network(
    name,
    {
      region,
      ranges: environment.ranges,
      serviceClasses: data.cache === undefined ? [] : ['gcp-memorystore'],
    },
    options,
  );
  const common = {
    project,
    network,
    zones: environment.zones,
    access: environment.access,
    keys: {
      secrets: platformKey(topology, environment, 'secrets', 'kubernetes-engine', options),
      disks: platformKey(topology, environment, 'disks', 'compute-engine', options),
    },
    nodeAccount: new NodeAccount(
      `${name}-nodes`,
      { project, accountId: `${name}-nodes`, repositories: { images: artifacts.repository } },
      options,
    ),
    systemNodes: environment.systemNodes,
    maintenance: environment.maintenance,
    labels: { platform: name },
  };
  return { network, cluster: new GkeCluster(name, { ...common, environment: kind, channel: 'REGULAR' }, options) };
}
