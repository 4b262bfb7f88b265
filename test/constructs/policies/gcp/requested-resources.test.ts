import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { GpuNodePool } from '../../../../constructs/gcp/gpu-node-pool.ts';
import { PolicySuppression } from '../../../../constructs/gcp/policy-suppression.ts';
import { type CloudResource, checkRequested, GCP_POLICIES } from '../../../../constructs/policies/gcp/index.ts';
import { CLUSTER, makeCluster } from '../../gcp/platform-parts.ts';
import { request } from '../../gcp/requested.ts';

let compliant: readonly CloudResource[];
beforeAll(async () => {
  const { all } = await request((options) => {
    const autoProvisioning = { maxCpus: 512, maxMemory: '2 TiB', maxDevices: { 'nvidia-l4': 8 } } as const;
    const cluster = makeCluster({ ...CLUSTER, autoProvisioning }, options);
    const zones = ['europe-west4-a'] as const;
    new GpuNodePool(
      'flex',
      { cluster, gpu: 'l4', capacity: { type: 'flex-start', machine: 'g2-standard-12', zones, size: { max: 2 } } },
      options,
    );
  });
  compliant = [...all, ...SERVER];
});

type Draft = Record<string, unknown>;

/** All resources, one field of one of them changed; `undefined` takes it out. */
function withChange(which: string, path: string, value: unknown): readonly CloudResource[] {
  const [type = '', name] = which.split('/');
  const copy = structuredClone(compliant.map(({ type, name, inputs }) => ({ type, name, inputs })));
  const found = copy.find((each) => each.type.endsWith(`:${type}`) && each.name === name);
  if (found === undefined) throw new Error(`no ${which}`);
  const keys = path.split('.');
  const last = keys.pop() as string;
  const target = keys.reduce<Draft>((inner, key) => inner[key] as Draft, found.inputs as Draft);
  if (value === undefined) delete target[last];
  else target[last] = value;
  return copy;
}

test('what the constructs ask for holds every policy', () => {
  expect(compliant.length).toBeGreaterThan(20);
  expect(checkRequested(compliant)).toEqual([]);
});

const MADE = 'clusterAutoscaling.autoProvisioningDefaults';
const ANYWHERE = [{ cidrBlock: '0.0.0.0/0' }];

/**
 * The policy, the resource, the field (of another resource, where that is what is missing), its value, and what is said: one
 * fault each, and no other policy minds.
 */
const FAULTS = [
  ['gke-private', 'Cluster/mailroom', 'privateClusterConfig.enablePrivateNodes', false, 'public addresses'],
  ['gke-private', 'Cluster/mailroom', 'privateClusterConfig.enablePrivateEndpoint', false, 'public endpoint'],
  ['gke-private', 'Cluster/mailroom', 'masterAuthorizedNetworksConfig.cidrBlocks', ANYWHERE, '0.0.0.0/0'],
  ['gke-private', 'NodePool/flex', 'networkConfig', undefined, 'public addresses'],
  ['gke-workload-identity', 'Cluster/mailroom', 'workloadIdentityConfig', undefined, 'no workload pool'],
  ['gke-workload-identity', 'NodePool/flex', 'nodeConfig.workloadMetadataConfig.mode', 'GCE_METADATA', 'GKE_METADATA'],
  ['gke-workload-identity', 'NodePool/flex', 'nodeConfig.metadata', undefined, 'legacy metadata'],
  ['gke-network', 'Cluster/mailroom', 'ipAllocationPolicy', undefined, 'VPC-native'],
  ['gke-network', 'Cluster/mailroom', 'datapathProvider', 'LEGACY_DATAPATH', 'network policies'],
  ['gke-network', 'Cluster/mailroom', 'enableIntranodeVisibility', undefined, 'inside a node'],
  ['subnet-flow-logs', 'Subnetwork/mailroom', 'logConfig', undefined, 'logs no flows'],
  ['subnet-flow-logs', 'Subnetwork/mailroom', 'logConfig.flowSampling', 0, 'logs no flows'],
  ['gke-upgraded', 'Cluster/mailroom', 'releaseChannel.channel', 'UNSPECIFIED', 'release channel'],
  ['gke-upgraded', 'NodePool/mailroom-system', 'management.autoRepair', false, 'not repaired'],
  ['gke-upgraded', 'NodePool/flex', 'management.autoUpgrade', false, 'not upgraded'],
  ['gke-shielded', 'Cluster/mailroom', 'enableShieldedNodes', false, 'no shielded nodes'],
  ['gke-shielded', 'NodePool/flex', 'nodeConfig.imageType', undefined, 'whatever GKE chooses'],
  ['gke-shielded', 'NodePool/flex', 'nodeConfig.imageType', 'UBUNTU_CONTAINERD', 'COS_CONTAINERD'],
  ['gke-shielded', 'NodePool/flex', 'nodeConfig.shieldedInstanceConfig.enableSecureBoot', false, 'secure boot'],
  ['gke-shielded', 'NodePool/flex', 'nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring', false, 'integrity'],
  ['gke-encrypted', 'Cluster/mailroom', 'databaseEncryption.state', 'DECRYPTED', 'keeps secrets'],
  ['gke-encrypted', 'Cluster/mailroom', 'databaseEncryption.keyName', undefined, 'keeps secrets'],
  ['gke-encrypted', 'NodePool/flex', 'nodeConfig.bootDiskKmsKey', undefined, 'disks without a key'],
  ['gke-node-account', 'NodePool/flex', 'nodeConfig.serviceAccount', undefined, 'default account'],
  [
    'gke-node-account',
    'NodePool/flex',
    'nodeConfig.serviceAccount',
    '1-compute@developer.gserviceaccount.com',
    'default',
  ],
  // The pool that GKE makes first runs for a minute: as whom?
  ['gke-node-account', 'Cluster/mailroom', 'nodeConfig.serviceAccount', undefined, 'default account'],
  ['project-role-least', 'IAMMember/nodes', 'role', 'roles/editor', 'roles/editor on the whole project'],
  ['project-role-least', 'IAMMember/nodes', 'role', 'roles/secretmanager.secretAccessor', 'on the whole project'],
  ['project-role-least', 'IAMMember/nodes', 'member', 'allUsers', 'to allUsers'],
  ['gke-legacy-off', 'Cluster/mailroom', 'enableLegacyAbac', true, 'ABAC'],
  ['gke-legacy-off', 'Cluster/mailroom', 'masterAuth', undefined, 'client certificate'],
  ['gke-legacy-off', 'Cluster/mailroom', 'enableKubernetesAlpha', true, 'alpha'],
  ['gke-observed', 'Cluster/mailroom', 'loggingConfig.enableComponents', ['SYSTEM_COMPONENTS'], 'log WORKLOADS'],
  ['gke-observed', 'Cluster/mailroom', 'monitoringConfig', undefined, 'does not measure'],
  ['gke-encrypted', 'Cluster/mailroom', `${MADE}.bootDiskKmsKey`, undefined, 'where GKE makes pools by itself'],
  ['gke-node-account', 'Cluster/mailroom', `${MADE}.serviceAccount`, 'default', 'where GKE makes pools by itself'],
  ['gke-shielded', 'Cluster/mailroom', `${MADE}.imageType`, 'UBUNTU_CONTAINERD', 'where GKE makes pools by itself'],
  ['gke-upgraded', 'Cluster/mailroom', `${MADE}.management.autoUpgrade`, false, 'where GKE makes pools by itself'],
  ['gke-kept', 'Cluster/mailroom', 'deletionProtection', false, 'can be deleted'],
  ['gke-kept', 'Cluster/mailroom', 'securityPostureConfig.mode', 'DISABLED', 'not looked over'],
  ['inference-alerted', 'Deployment/chat', ['AlertPolicy/queue', 'conditions'], [], 'about its queue'],
  ['inference-alerted', 'Deployment/chat', ['AlertPolicy/memory', 'notificationChannels'], [], 'about GPU memory'],
  ['inference-alerted', 'Deployment/chat', ['AlertPolicy/first-token', 'enabled'], false, 'about time to the first'],
] as const;

/** A server on a GPU that Google's collectors read, and the policies that stand for its alerts. */
const SERVER: readonly CloudResource[] = [
  {
    type: 'kubernetes:apps/v1:Deployment',
    name: 'chat',
    inputs: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'chat', namespace: 'assistant' },
      spec: {
        template: {
          metadata: { labels: { app: 'chat' } },
          spec: { containers: [{ name: 'vllm', resources: { limits: { 'nvidia.com/gpu': 1 } } }] },
        },
      },
    },
  },
  {
    type: 'kubernetes:monitoring.googleapis.com/v1:PodMonitoring',
    name: 'chat',
    inputs: {
      apiVersion: 'monitoring.googleapis.com/v1',
      kind: 'PodMonitoring',
      metadata: { name: 'chat', namespace: 'assistant' },
      spec: { selector: { matchLabels: { app: 'chat' } } },
    },
  },
  ...[
    ['first-token', 'vllm:time_to_first_token_seconds_bucket > 1'],
    ['tokens', 'rate(vllm:generation_tokens_total[5m]) < 100'],
    ['queue', 'vllm:num_requests_waiting > 10'],
    ['memory', 'DCGM_FI_DEV_FB_USED > 0.95'],
  ].map(([name = '', query]) => ({
    type: 'gcp:monitoring/alertPolicy:AlertPolicy',
    name,
    inputs: {
      notificationChannels: ['projects/mailroom-prod/notificationChannels/1'],
      conditions: [{ conditionPrometheusQueryLanguage: { query } }],
    },
  })),
];

describe('one fault', () => {
  test.each(FAULTS)('breaks %s: %s %s %j', (policy, object, path, value, message) => {
    const [changed, field] = typeof path === 'string' ? [object, path] : path;
    expect(checkRequested(withChange(changed, field, value))).toEqual([
      { policy, object, message: expect.stringContaining(message), reason: expect.any(String) },
    ]);
  });

  test('is tried of every policy', () => {
    expect(new Set(FAULTS.map(([policy]) => policy))).toEqual(new Set(GCP_POLICIES.map(({ id }) => id)));
  });
});

test('what says that it is a trial may be deleted, and nothing else may', () => {
  const unprotected = withChange('Cluster/mailroom', 'deletionProtection', false);
  const labelled = (environment: string) =>
    unprotected.map((each) =>
      each.type.endsWith(':Cluster') ? { ...each, inputs: { ...each.inputs, resourceLabels: { environment } } } : each,
    );
  expect(checkRequested(labelled('trial'))).toEqual([]);
  expect(checkRequested(labelled('staging'))).toHaveLength(1);
});

describe('a suppression', () => {
  const suppressed = async (reason: string, policy: string, resources: readonly CloudResource[]) => {
    const { all } = await request((options) => {
      new PolicySuppression('s', { policy, resource: 'Cluster/mailroom', reason }, options);
    });
    return checkRequested([...resources, ...all]);
  };

  test('with a reason takes one resource out of one policy', async () => {
    const broken = withChange('Cluster/mailroom', 'enableIntranodeVisibility', false);
    expect(await suppressed('the collector of the network team does it', 'gke-network', broken)).toEqual([]);
  });

  test('rejects an empty reason', async () => {
    const broken = withChange('Cluster/mailroom', 'enableIntranodeVisibility', false);
    expect(await suppressed(' ', 'gke-network', broken)).toHaveLength(1);
  });

  test('rejects what holds, and what is no policy', async () => {
    expect(await suppressed('just in case', 'gke-network', compliant)).toMatchObject([
      { message: 'is suppressed and holds: remove the suppression' },
    ]);
    expect(await suppressed('just in case', 'gke-netwrok', compliant)).toMatchObject([
      { message: 'suppresses a policy that is none' },
    ]);
  });
});

test('every rule about Google Cloud has a policy, each in a file of its own', () => {
  const held = new Set(GCP_POLICIES.flatMap(({ rules }) => rules));
  expect([18, 19, 20, 21, 22, 23, 24, 25, 26].filter((rule) => !held.has(rule))).toEqual([]);
  const folder = join(import.meta.dirname, '../../../../constructs/policies/gcp/rules');
  expect(readdirSync(folder).sort()).toEqual(GCP_POLICIES.map(({ id }) => `${id}.ts`).sort());
  for (const { id } of GCP_POLICIES) expect(readFileSync(join(folder, `${id}.ts`), 'utf8')).toContain(`id: '${id}'`);
});

test('who is not collected by Google has its alerts in the cluster, and no policy of Cloud Monitoring is missed', () => {
  const elsewhere = SERVER.filter(({ type }) => type.endsWith(':Deployment'));
  expect(checkRequested(elsewhere)).toEqual([]);
  const otherPods = SERVER.slice(0, 2).map((each) =>
    each.inputs['kind'] === 'PodMonitoring'
      ? { ...each, inputs: { ...each.inputs, spec: { selector: { matchLabels: { app: 'count' } } } } }
      : each,
  );
  expect(checkRequested(otherPods)).toEqual([]);
  expect(checkRequested(SERVER.slice(0, 2))).toHaveLength(4);
});
