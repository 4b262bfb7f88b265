import type { AwsEnvironment, WorkloadsEnvironment } from './aws-environment.ts';
import { dev as devCluster } from './dev.ts';
import type { BrokerEnvironment } from './index.ts';
import { prod as prodCluster } from './prod.ts';

const { cluster: broker } = prodCluster.nats as { readonly cluster: BrokerEnvironment };
const versions = { 'mail-classifier': '0.1.0', 'inference-engine': '0.1.0' };

/** As they are named where they come from, and copied under the same name into the registry of the account. */
const images = {
  server: 'nats:2.15.1-alpine',
  exporter: 'natsio/prometheus-nats-exporter:0.17.3',
  reloader: 'natsio/nats-server-config-reloader:0.23.0',
};

const COLLECTOR = 'otel/opentelemetry-collector-contrib:0.159.0';

/** Public parts of the user keys of one environment: whoever holds a seed of dev is nobody in prod. */
interface UserKeys {
  readonly operator: string;
  readonly classify: string;
  readonly intake: string;
}

/** What every cluster of ours on AWS has, whose volumes lie on disks of one class and whose secrets in one store. */
function workloads(
  from: typeof devCluster,
  storage: BrokerEnvironment['storage'],
  keys: UserKeys,
): WorkloadsEnvironment {
  // One account may hold every environment: nothing in its store is read by two of them.
  const stored = (secret: string): string => `mailroom/${from.name}/${secret}`;
  const { kept } = from.traces as NonNullable<typeof from.traces>;
  return {
    ...from,
    traces: { image: COLLECTOR, kept },
    versions,
    nats: {
      cluster: {
        ...broker,
        namespace: `${from.namespace}-nats`,
        storage,
        images,
        secrets: { ...broker.secrets, authority: stored('authority') },
        operator: { ...broker.operator, publicKey: keys.operator, seed: stored('nats/operator') },
        clients: { classify: { publicKey: keys.classify, seed: stored('nats/classify') } },
        publishers: [{ namespace: 'intake', publicKey: keys.intake, queues: ['mails'] }],
      },
    },
    effects: { ...from.effects, storageClass: storage.storageClass },
    authorityKey: stored('authority-key'),
  };
}

const dev: AwsEnvironment = {
  name: 'dev',
  region: 'eu-central-1',
  network: {
    cidr: '10.20.0.0/16',
    zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    egress: 'one-nat',
  },
  cluster: {
    compute: { mode: 'nodes', version: '1.36', gpus: { by: 'karpenter', image: 'bottlerocket@v1.64.0' } },
    adminRoles: ['platform-admin'],
  },
  workloads: workloads(
    devCluster,
    { storageClass: 'gp3', size: '10 GiB' },
    {
      operator: 'UDSR4C5BFYEL7FUCIGSDBHMVKZBS6ALU75LWYDCSC2IK4IREZ2OIMNE6',
      classify: 'UBCJ5BTYUO3N74BH3RKPQ2S2ZJWOXW3ECIRMAD7GCDPNSQV4LCZ3ZDQV',
      intake: 'UB5IJYWQMJMANVMAFITN7IKPEKHUH5KT7HJCYSYAA5B4MX2BO2ZXE5OV',
    },
  ),
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
    compute: { mode: 'nodes', version: '1.36', gpus: { by: 'karpenter', image: 'bottlerocket@v1.64.0' } },
    adminRoles: ['platform-admin'],
  },
  workloads: workloads(
    prodCluster,
    { storageClass: 'gp3', size: '120 GiB' },
    {
      operator: 'UDC52IN3VFU7WMXD5QJYIYRTJQ4MNWCLDJ4YO26OSLOTK5VRZMO3QJTA',
      classify: 'UC735XOWQXWMU2S5TX5ECUJVX2SE5J7OS6CS7Y7O5CSSPKZPNHD3G7HH',
      intake: 'UAM2PER5L6UDANKITC3IBPVVVDX5NZ3SV4EYS4DAVXPWSMHX2NHTT24X',
    },
  ),
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
