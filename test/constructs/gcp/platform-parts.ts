import { artifactregistry } from '@pulumi/gcp';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { EncryptionKey } from '../../../constructs/gcp/encryption-key.ts';
import { GkeCluster, type GkeClusterArgs } from '../../../constructs/gcp/gke-cluster.ts';
import { Network, type NetworkArgs } from '../../../constructs/gcp/network.ts';
import { NodeAccount } from '../../../constructs/gcp/node-account.ts';

export const PROJECT = { id: 'mailroom-prod', number: '123456789012' } as const;

export const NETWORK: NetworkArgs = {
  region: 'europe-west4',
  ranges: {
    nodes: '10.0.0.0/20',
    pods: '10.64.0.0/14',
    services: '10.1.0.0/20',
    managedServices: '10.2.0.0/20',
  },
};

type ClusterChoices = Omit<GkeClusterArgs, 'project' | 'network' | 'keys' | 'nodeAccount'>;

export const CLUSTER = {
  environment: 'production',
  channel: 'STABLE',
  zones: ['europe-west4-a', 'europe-west4-b', 'europe-west4-c'],
  access: { kind: 'private' },
  systemNodes: { machineType: 'n2-standard-8', minNodes: 3, maxNodes: 9 },
  maintenance: { days: ['TU', 'WE', 'TH'], startHour: 2, duration: '4 hours' },
} as const satisfies ClusterChoices;

/** A cluster and what it stands on. */
export function makeCluster(choices: ClusterChoices, options: ComponentResourceOptions): GkeCluster {
  const environment = choices.environment;
  const location = NETWORK.region;
  const network = new Network('mailroom', NETWORK, options);
  const images = new artifactregistry.Repository('images', { repositoryId: 'mailroom', location, format: 'DOCKER' });
  const key = (name: string, usedBy: 'kubernetes-engine' | 'compute-engine'): EncryptionKey =>
    new EncryptionKey(name, { project: PROJECT, location, usedBy: [usedBy], environment }, options);
  return new GkeCluster(
    'mailroom',
    {
      ...choices,
      project: PROJECT,
      network,
      keys: { secrets: key('secrets', 'kubernetes-engine'), disks: key('disks', 'compute-engine') },
      nodeAccount: new NodeAccount(
        'nodes',
        { project: PROJECT, accountId: 'mailroom-nodes', repositories: { images } },
        options,
      ),
    } as GkeClusterArgs,
    options,
  );
}
