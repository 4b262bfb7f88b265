import type { AwsEnvironment, WorkloadsEnvironment } from './aws-environment.ts';
import { dev as devCluster } from './dev.ts';
import type { BrokerEnvironment } from './index.ts';
import { prod as prodCluster } from './prod.ts';

const { cluster: broker } = prodCluster.nats as { readonly cluster: BrokerEnvironment };
const versions = { 'task-queue': '0.1.0', 'inference-engine': '0.1.0' };

/** What every cluster of ours on AWS has, whose volumes lie on disks of one class and whose secrets in one store. */
const workloads = (from: typeof devCluster, storage: BrokerEnvironment['storage']): WorkloadsEnvironment => ({
  ...from,
  versions,
  nats: { cluster: { ...broker, namespace: `${from.namespace}-nats`, storage } },
  effects: { ...from.effects, storageClass: storage.storageClass },
  authorityKey: 'internal-authority-key',
});

const dev: AwsEnvironment = {
  name: 'dev',
  region: 'eu-central-1',
  network: {
    cidr: '10.20.0.0/16',
    zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    egress: 'one-nat',
  },
  cluster: {
    compute: { mode: 'nodes', version: '1.36', gpus: { by: 'karpenter', image: 'bottlerocket@v1.54.0' } },
    adminRoles: ['platform-admin'],
  },
  workloads: workloads(devCluster, { storageClass: 'gp3', size: '10 GiB' }),
  observability: { emails: { page: ['platform@example.com'], ticket: ['platform@example.com'] } },
  gpuMachines: ['g6.xlarge'],
  budget: { monthlyUsd: 1_000, emails: ['platform@example.com'] },
};

const prod: AwsEnvironment = {
  name: 'prod',
  region: 'eu-central-1',
  network: {
    cidr: '10.40.0.0/16',
    zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    egress: 'nat-per-zone',
  },
  cluster: {
    compute: { mode: 'nodes', version: '1.36', gpus: { by: 'karpenter', image: 'bottlerocket@v1.54.0' } },
    adminRoles: ['platform-admin'],
  },
  workloads: workloads(prodCluster, { storageClass: 'gp3', size: '120 GiB' }),
  observability: {
    emails: { page: ['oncall@example.com'], ticket: ['platform@example.com'] },
    grafana: {},
    // The lot of them can be searched; these are drawn and counted.
    traces: { indexedPercentage: 5 },
  },
  gpuMachines: ['g6e.xlarge', 'g6e.12xlarge'],
  budget: { monthlyUsd: 15_000, emails: ['platform@example.com'] },
};

/** The places on AWS there are, by name. */
export const awsEnvironments = { dev, prod } as const satisfies Readonly<Record<string, AwsEnvironment>>;
