import { beforeAll, describe, expect, test } from '@jest/globals';
import type { GkeClusterArgs } from '../../../constructs/gcp/gke-cluster.ts';
import { CLUSTER, makeCluster } from './platform-parts.ts';
import { type Request, request } from './requested.ts';

const TYPE = 'gcp:container/cluster:Cluster';
const POOL = 'gcp:container/nodePool:NodePool';

describe('a cluster on GKE', () => {
  let asked: Request;
  beforeAll(async () => {
    asked = await request((options) => {
      makeCluster(CLUSTER, options);
    });
  });

  test('has nodes and a control plane that the internet does not reach', () => {
    expect(asked.the(TYPE).inputs).toMatchObject({
      privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: true },
      masterAuthorizedNetworksConfig: { cidrBlocks: [], gcpPublicCidrsAccessEnabled: false },
    });
    expect(asked.the(POOL).inputs).toMatchObject({ networkConfig: { enablePrivateNodes: true } });
  });

  test('gives pods addresses of the network and identities of the project', () => {
    expect(asked.the(TYPE).inputs).toMatchObject({
      networkingMode: 'VPC_NATIVE',
      ipAllocationPolicy: { clusterSecondaryRangeName: 'pods', servicesSecondaryRangeName: 'services' },
      datapathProvider: 'ADVANCED_DATAPATH',
      enableIntranodeVisibility: true,
      workloadIdentityConfig: { workloadPool: 'mailroom-prod.svc.id.goog' },
    });
    expect(asked.the(POOL).inputs).toMatchObject({
      nodeConfig: {
        workloadMetadataConfig: { mode: 'GKE_METADATA' },
        metadata: { 'disable-legacy-endpoints': 'true' },
      },
    });
  });

  test('closes every older way in', () => {
    expect(asked.the(TYPE).inputs).toMatchObject({
      enableLegacyAbac: false,
      enableKubernetesAlpha: false,
      masterAuth: { clientCertificateConfig: { issueClientCertificate: false } },
      anonymousAuthenticationConfig: { mode: 'LIMITED' },
      rbacBindingConfig: {
        enableInsecureBindingSystemAuthenticated: false,
        enableInsecureBindingSystemUnauthenticated: false,
      },
    });
  });

  test('encrypts secrets and disks by keys that its own services may use, and waits for that', () => {
    expect(asked.the(TYPE).inputs).toMatchObject({ databaseEncryption: { state: 'ENCRYPTED', keyName: 'secrets' } });
    expect(asked.the(POOL).inputs).toMatchObject({ nodeConfig: { bootDiskKmsKey: 'disks' } });
    const grants = asked.of('gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember').map(({ inputs }) => inputs);
    expect(grants).toMatchObject([
      {
        cryptoKeyId: 'secrets',
        member: 'serviceAccount:service-123456789012@container-engine-robot.iam.gserviceaccount.com',
        role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
      },
      {
        cryptoKeyId: 'disks',
        member: 'serviceAccount:service-123456789012@compute-system.iam.gserviceaccount.com',
        role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
      },
    ]);
    const before = asked.the(TYPE).options.dependsOn as readonly { readonly constructor: { readonly name: string } }[];
    expect(before.map((each) => each.constructor.name)).toEqual([
      'Network',
      'NodeAccount',
      'EncryptionKey',
      'EncryptionKey',
    ]);
  });

  test('runs its nodes as an account that writes telemetry and pulls one repository', () => {
    expect(asked.the(POOL).inputs).toMatchObject({
      nodeConfig: { serviceAccount: 'mailroom-nodes@synthesized.iam.gserviceaccount.com' },
    });
    const member = 'serviceAccount:mailroom-nodes@synthesized.iam.gserviceaccount.com';
    expect(asked.of('gcp:projects/iAMMember:IAMMember').map(({ inputs }) => inputs)).toEqual([
      { project: 'mailroom-prod', role: 'roles/container.defaultNodeServiceAccount', member },
    ]);
    expect(asked.the('gcp:artifactregistry/repositoryIamMember:RepositoryIamMember').inputs).toMatchObject({
      repository: 'mailroom',
      role: 'roles/artifactregistry.reader',
      member,
    });
  });

  test('takes away the pool that GKE makes, which never ran as the default account and never replaces the cluster', () => {
    const { inputs, options } = asked.the(TYPE);
    expect(inputs).toMatchObject({
      removeDefaultNodePool: true,
      initialNodeCount: 1,
      nodeConfig: { serviceAccount: 'mailroom-nodes@synthesized.iam.gserviceaccount.com' },
    });
    expect(options.ignoreChanges).toEqual(['nodeConfig', 'initialNodeCount']);
  });

  test('keeps its system pool repaired, upgraded one more at a time, and verified from the first instruction', () => {
    const { inputs, options } = asked.the(POOL);
    expect(inputs).toMatchObject({
      autoscaling: { totalMinNodeCount: 3, totalMaxNodeCount: 9, locationPolicy: 'BALANCED' },
      management: { autoRepair: true, autoUpgrade: true },
      upgradeSettings: { maxSurge: 1, maxUnavailable: 0 },
      nodeConfig: {
        imageType: 'COS_CONTAINERD',
        shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      },
    });
    expect(options.ignoreChanges).toEqual(['initialNodeCount']);
  });

  test('is watched: audit, control plane and devices', () => {
    expect(asked.the(TYPE).inputs).toMatchObject({
      loggingConfig: { enableComponents: expect.arrayContaining(['APISERVER', 'WORKLOADS']) },
      monitoringConfig: {
        enableComponents: expect.arrayContaining(['DCGM', 'APISERVER']),
        managedPrometheus: { enabled: true },
      },
      securityPostureConfig: { mode: 'BASIC' },
    });
  });

  test('is replaced by Google in the window alone', () => {
    expect(asked.the(TYPE).inputs).toMatchObject({
      maintenancePolicy: {
        recurringWindow: {
          startTime: '2026-01-01T02:00:00Z',
          endTime: '2026-01-01T06:00:00Z',
          recurrence: 'FREQ=WEEKLY;BYDAY=TU,WE,TH',
        },
      },
    });
  });

  test('cannot be deleted by mistake in production, by Pulumi or by the provider', () => {
    const { inputs, options } = asked.the(TYPE);
    expect(inputs).toMatchObject({ deletionProtection: true, resourceLabels: { environment: 'production' } });
    expect(options.protect).toBe(true);
  });
});

test('a cluster on trial may be deleted', async () => {
  const asked = await request((options) => {
    makeCluster({ ...CLUSTER, environment: 'trial', channel: 'RAPID' }, options);
  });
  expect(asked.the(TYPE).inputs).toMatchObject({
    deletionProtection: false,
    releaseChannel: { channel: 'RAPID' },
    resourceLabels: { environment: 'trial' },
  });
  expect(asked.the(TYPE).options.protect).toBeUndefined();
});

test('networks that are named reach the control plane over the internet, and no others', async () => {
  const office = { name: 'office', cidr: '203.0.113.0/24' } as const;
  const asked = await request((options) => {
    makeCluster({ ...CLUSTER, access: { kind: 'authorized-networks', networks: [office] } }, options);
  });
  expect(asked.the(TYPE).inputs).toMatchObject({
    privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: false },
    masterAuthorizedNetworksConfig: { cidrBlocks: [{ displayName: 'office', cidrBlock: '203.0.113.0/24' }] },
  });
});

describe('pools that GKE makes by itself', () => {
  const limitsOf = async (maxDevices: NonNullable<GkeClusterArgs['autoProvisioning']>['maxDevices'] = {}) => {
    const autoProvisioning = { maxCpus: 256, maxMemory: '1 TiB', maxDevices } as const;
    const made = await request((options) => void makeCluster({ ...CLUSTER, autoProvisioning }, options));
    return made.the(TYPE).inputs['clusterAutoscaling'];
  };

  test('are none unless there are limits', async () => {
    const made = await request((options) => void makeCluster(CLUSTER, options));
    expect(made.the(TYPE).inputs).toMatchObject({ clusterAutoscaling: { enabled: false } });
  });

  test('stay within the limits of each device, in the zones and by the account of the other nodes', async () => {
    expect(await limitsOf({ 'nvidia-l4': 8, 'tpu-v6e-slice': 16 })).toEqual({
      enabled: true,
      autoscalingProfile: 'OPTIMIZE_UTILIZATION',
      autoProvisioningLocations: CLUSTER.zones,
      resourceLimits: [
        { resourceType: 'cpu', maximum: 256 },
        { resourceType: 'memory', maximum: 1024 },
        { resourceType: 'nvidia-l4', maximum: 8 },
        { resourceType: 'tpu-v6e-slice', maximum: 16 },
      ],
      autoProvisioningDefaults: {
        imageType: 'COS_CONTAINERD',
        oauthScopes: ['https://www.googleapis.com/auth/cloud-platform'],
        shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
        serviceAccount: 'mailroom-nodes@synthesized.iam.gserviceaccount.com',
        bootDiskKmsKey: 'disks',
        management: { autoRepair: true, autoUpgrade: true },
      },
    });
  });

  test('rejects a limit that lets nothing in', async () => {
    const autoProvisioning = { maxCpus: 256, maxMemory: '1 TiB', maxDevices: { 'nvidia-l4': 0 } };
    await expectRefusal({ autoProvisioning }, 'quantity-malformed');
  });
});

describe('a cluster', () => {
  test.each([
    ['the whole internet', '0.0.0.0/0'],
    ['half of it', '128.0.0.0/1'],
  ] as const)('rejects %s as an authorized network', async (_title, cidr) => {
    await expectRefusal(
      { access: { kind: 'authorized-networks', networks: [{ name: 'all', cidr }] } },
      'access-too-wide',
    );
  });

  test.each([
    ['shorter than four hours', '3 hours', ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], 'window-too-short'],
    ['of less than 48 hours in 32 days', '5 hours', ['SA', 'SU'], 'window-too-short'],
    ['that repeat a day to count it twice', '6 hours', ['SA', 'SA'], 'window-too-short'],
    ['longer than a day', '25 hours', ['SA'], 'window-too-long'],
  ] as const)('rejects windows %s', async (_title, duration, days, code) => {
    await expectRefusal({ maintenance: { days, startHour: 2, duration } }, code);
  });

  test('takes the shortest window that GKE takes', async () => {
    const maintenance = { days: ['SA', 'SU'], startHour: 22, duration: '6 hours' } as const;
    const asked = await request((options) => {
      makeCluster({ ...CLUSTER, maintenance }, options);
    });
    expect(asked.the(TYPE).inputs).toMatchObject({
      maintenancePolicy: { recurringWindow: { endTime: '2026-01-02T04:00:00Z' } },
    });
  });
});

async function expectRefusal(change: object, code: string): Promise<void> {
  const errors: string[] = [];
  const asked = await request((options) => {
    try {
      makeCluster({ ...CLUSTER, ...change }, options);
    } catch (error) {
      errors.push((error as Error).message);
    }
  });
  expect(errors).toEqual([expect.stringContaining(`[${code}]`)]);
  expect(asked.of(TYPE)).toEqual([]);
}
