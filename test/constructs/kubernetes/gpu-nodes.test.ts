import { describe, expect, test } from '@jest/globals';
import { type GpuClass, machineFor } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../../constructs/binding.ts';
import { ConstructError } from '../../../constructs/errors.ts';
import {
  type Al2023Image,
  DevicePluginConfig,
  GpuNodePool,
  type GpuNodePoolProps,
  type GpuPlacement,
  GpuQuota,
  type GpuQuotaProps,
  gpuPlacement,
  type MigSharing,
  sharingOf,
  type TimeSlicing,
} from '../../../constructs/kubernetes/index.ts';
import { isGpuPool } from '../../../constructs/policies/gpu.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { gpuNodeCases } from '../policies/cases/gpu-nodes.ts';

const cluster = { role: Binding.of('nodes'), discovery: Binding.of('prod') };
const l4 = {
  name: 'l4',
  gpu: 'l4',
  capacity: { type: 'on-demand', machines: ['g6.2xlarge', 'g6.12xlarge'] },
  image: 'bottlerocket@v1.64.0',
  maxGpus: 8,
  cluster,
} as const satisfies GpuNodePoolProps<'l4'>;

interface Spec {
  readonly [field: string]: Spec;
}

const chartOf = () => new Chart(new App(), 'nodes', { namespace: 'shop' });

function pool<C extends GpuClass>(props: GpuNodePoolProps<C>) {
  const chart = chartOf();
  const { placement } = new GpuNodePool(chart, 'pool', props);
  const manifests = chart.toJson() as Manifest[];
  const spec = (kind: string) => manifests.find((each) => each.kind === kind)?.['spec'] as Spec;
  return { placement, manifests, nodePool: spec('NodePool'), nodeClass: spec('EC2NodeClass') };
}

interface Requirement {
  readonly key: string;
  readonly values: readonly string[];
}

function requirements(nodePool: Spec): Readonly<Record<string, readonly string[]>> {
  const all = (nodePool['template']?.['spec']?.['requirements'] ?? []) as unknown as readonly Requirement[];
  return Object.fromEntries(all.map(({ key, values }) => [key, values]));
}

describe('GPU nodes', () => {
  test('are of the machines that were named, bought as it was said', () => {
    expect(requirements(pool(l4).nodePool)).toEqual({
      'karpenter.sh/capacity-type': ['on-demand'],
      'kubernetes.io/arch': ['amd64'],
      'kubernetes.io/os': ['linux'],
      'node.kubernetes.io/instance-type': ['g6.2xlarge', 'g6.12xlarge'],
    });
  });

  test('on Spot are of every machine with the device, fractions of one left out', () => {
    const { nodePool } = pool({ ...l4, capacity: { type: 'spot' } });
    expect(requirements(nodePool)).toMatchObject({
      'karpenter.sh/capacity-type': ['spot'],
      'karpenter.k8s.aws/instance-gpu-name': ['l4'],
      'karpenter.k8s.aws/instance-gpu-count': ['0'],
    });
    expect(requirements(nodePool)).not.toHaveProperty(['node.kubernetes.io/instance-type']);
  });

  test('of a reservation are found by its id or tag, and bought from nowhere else', () => {
    const reserved = (reservations: { ids: [Binding<string>] } | { tag: { key: string; value: Binding<string> } }) =>
      pool({
        ...l4,
        name: 'h200',
        gpu: 'h200',
        capacity: { type: 'reserved', machines: ['p5e.48xlarge'], reservations },
      });
    const { nodePool, nodeClass } = reserved({ ids: [Binding.of('cr-1')] });
    expect(requirements(nodePool)['karpenter.sh/capacity-type']).toEqual(['reserved']);
    expect(nodeClass['capacityReservationSelectorTerms']).toEqual([{ id: 'cr-1' }]);
    expect(
      reserved({ tag: { key: 'team', value: Binding.of('ml') } }).nodeClass['capacityReservationSelectorTerms'],
    ).toEqual([{ tags: { team: 'ml' } }]);
  });

  test('run the architecture of their machines', () => {
    const { nodePool } = pool({ ...l4, gpu: 't4g', capacity: { type: 'on-demand', machines: ['g5g.xlarge'] } });
    expect(requirements(nodePool)['kubernetes.io/arch']).toEqual(['arm64']);
  });

  test('are bought up to a bound, by devices and by the processors that come with them', () => {
    // Eight devices alone in a g6.2xlarge have 64 processors; two g6.12xlarge have 96.
    expect(pool(l4).nodePool['limits']).toEqual({ cpu: '96', 'nvidia.com/gpu': '8' });
  });

  test('count the shares of their devices, since that is what the node says it has', () => {
    const shared = pool({ ...l4, sharing: { kind: 'time-slicing', clients: 4 } });
    expect(shared.nodePool['limits']).toEqual({ cpu: '96', 'nvidia.com/gpu': '32' });
  });

  test('keep out what needs no device, and stay while they hold a model', () => {
    const { nodePool } = pool(l4);
    expect(nodePool['template']?.['spec']).toMatchObject({
      taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }],
      expireAfter: '2592000s',
      terminationGracePeriod: '3600s',
    });
    expect(nodePool['disruption']).toEqual({
      consolidationPolicy: 'WhenEmpty',
      consolidateAfter: '300s',
      budgets: [{ nodes: '10%' }],
    });
  });

  test('give their own credentials to no pod, and keep nothing in the clear', () => {
    const { nodeClass } = pool(l4);
    expect(nodeClass['metadataOptions']).toMatchObject({ httpTokens: 'required', httpPutResponseHopLimit: 1 });
    expect(nodeClass['blockDeviceMappings']).toMatchObject([
      { deviceName: '/dev/xvda', ebs: { encrypted: true, volumeType: 'gp3', volumeSize: '4Gi' } },
      { deviceName: '/dev/xvdb', ebs: { encrypted: true, volumeType: 'gp3', volumeSize: '100Gi' } },
    ]);
  });

  test('use the disks they come with, and one image until another is named', () => {
    const { nodeClass } = pool(l4);
    expect(nodeClass).toMatchObject({
      instanceStorePolicy: 'RAID0',
      amiSelectorTerms: [{ alias: 'bottlerocket@v1.64.0' }],
      role: 'nodes',
      subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'prod' } }],
      securityGroupSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'prod' } }],
    });
  });

  test('belong to no namespace, wherever their chart is', () => {
    for (const { metadata } of pool(l4).manifests) expect(metadata.namespace).toBeUndefined();
  });

  test('are GPU nodes to the policies, however they are bought', () => {
    const pools = gpuNodeCases.compliant.filter(({ kind }) => kind === 'NodePool');
    expect(pools.length).toBeGreaterThan(4);
    expect(pools.filter((each) => !isGpuPool(each))).toEqual([]);
  });

  test('say what a pod says to run on them', () => {
    const { placement, nodePool } = pool({ ...l4, sharing: { kind: 'time-slicing', clients: 4 } });
    expect(placement).toEqual({
      nodeSelector: { 'penstock.dev/gpu-class': 'l4', 'penstock.dev/gpu-sharing': 'time-slicing-4' },
      tolerations: [
        { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
        { key: 'penstock.dev/gpu-sharing', operator: 'Exists', effect: 'NoSchedule' },
      ],
      resource: 'nvidia.com/gpu',
    });
    expect(nodePool['template']?.['metadata']?.['labels']).toMatchObject(placement.nodeSelector);
    expect(gpuPlacement('l4', { kind: 'time-slicing', clients: 4 })).toEqual(placement);
  });

  test.each(['bottlerocket@latest', 'al2023@v2026', 'al2@v20261101'])('rejects %s as an image', (image) => {
    let error: unknown;
    try {
      pool({ ...l4, image: image as Al2023Image });
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'image-mutable')).toBe(true);
  });
});

describe('devices that are shared', () => {
  test('are cut by Bottlerocket, by the name it has for them', () => {
    const cut = <C extends 'h100' | 'a100-40gb' | 'rtx-pro-6000'>(props: GpuNodePoolProps<C>) =>
      pool(props).nodeClass['userData'] as unknown as string;
    expect(
      cut({
        ...l4,
        gpu: 'h100',
        capacity: { type: 'on-demand', machines: ['p5.48xlarge'] },
        sharing: { kind: 'mig', profile: '1g.10gb' },
      }).split('\n'),
    ).toEqual([
      '[settings.kubelet-device-plugins.nvidia]',
      'device-partitioning-strategy = "mig"',
      '[settings.kubelet-device-plugins.nvidia.mig.profile]',
      '"h100.80gb" = "1g.10gb"',
      '',
    ]);
    expect(
      cut({
        ...l4,
        gpu: 'a100-40gb',
        capacity: { type: 'on-demand', machines: ['p4d.24xlarge'] },
        sharing: { kind: 'mig', profile: '2g.10gb' },
      }),
    ).toContain('"a100.40gb" = "2g.10gb"');
    expect(
      cut({
        ...l4,
        gpu: 'rtx-pro-6000',
        capacity: { type: 'spot' },
        sharing: { kind: 'mig', profile: '1g.24gb' },
      }),
    ).toContain('"rtxpro6000.96gb" = "1g.24gb"');
  });

  test('keep their name, without which Karpenter would buy no machine for them', () => {
    const { nodeClass } = pool({ ...l4, sharing: { kind: 'time-slicing', clients: 4 } });
    expect(nodeClass['userData']).toContain('replicas = 4\nrename-by-default = false');
  });

  test('keep out who wants a whole one and says nothing else', () => {
    const { nodePool } = pool({ ...l4, sharing: { kind: 'time-slicing', clients: 4 } });
    expect(nodePool['template']?.['spec']?.['taints']).toContainEqual({
      key: 'penstock.dev/gpu-sharing',
      value: 'time-slicing-4',
      effect: 'NoSchedule',
    });
  });

  test('on Amazon Linux are shared by the plugin that the label brings, by the configuration it names', () => {
    const sharing = { kind: 'time-slicing', clients: 4 } as const;
    const { nodePool, nodeClass } = pool({ ...l4, image: 'al2023@v20261101', sharing });
    const labels = nodePool['template']?.['metadata']?.['labels'] as unknown as Readonly<Record<string, string>>;
    expect(labels).toMatchObject({ 'nvidia.com/gpu.present': 'true' });
    expect(nodeClass).not.toHaveProperty('userData');

    const chart = chartOf();
    new DevicePluginConfig(chart, 'plugin', { sharing: [sharing] });
    const [config] = chart.toJson() as [{ readonly data: Readonly<Record<string, string>> }];
    const named = config.data[labels['nvidia.com/device-plugin.config'] as string] as string;
    expect(JSON.parse(named)).toMatchObject({
      version: 'v1',
      sharing: { timeSlicing: { renameByDefault: false, resources: [{ name: 'nvidia.com/gpu', replicas: 4 }] } },
    });
    expect(JSON.parse(config.data['whole'] as string)).not.toHaveProperty('sharing');
  });

  test('are named by what an engine was declared with', () => {
    expect(sharingOf({ mig: undefined, sharedBy: 1 })).toBeUndefined();
    expect(sharingOf({ mig: undefined, sharedBy: 4 })).toEqual({ kind: 'time-slicing', clients: 4 });
    expect(sharingOf({ mig: '1g.10gb', sharedBy: 1 })).toEqual({ kind: 'mig', profile: '1g.10gb' });
  });

  test.each<TimeSlicing | MigSharing<'h100'> | undefined>([
    undefined,
    { kind: 'time-slicing', clients: 4 },
    { kind: 'mig', profile: '1g.10gb' },
  ])('are reached by pods that want them as %j, and by no others', (sharing) => {
    const common = { ...l4, gpu: 'h100', capacity: { type: 'on-demand', machines: ['p5.48xlarge'] } } as const;
    const { nodePool } = pool(sharing === undefined ? common : { ...common, sharing });
    const labels = nodePool['template']?.['metadata']?.['labels'] as unknown as Readonly<Record<string, string>>;
    const taints = nodePool['template']?.['spec']?.['taints'] as unknown as readonly { readonly key: string }[];
    const lets = ({ nodeSelector, tolerations }: GpuPlacement): boolean =>
      Object.entries(nodeSelector).every(([label, value]) => labels[label] === value) &&
      taints.every(({ key }) => tolerations.some((each) => each.key === key));
    expect(lets(gpuPlacement('h100', sharing))).toBe(true);
    const others = [undefined, { kind: 'time-slicing', clients: 2 }, { kind: 'mig', profile: '3g.40gb' }] as const;
    for (const other of others.filter((each) => sharing !== undefined || each !== undefined))
      expect(lets(gpuPlacement('h100', other))).toBe(false);
    expect(lets(gpuPlacement('h200', undefined))).toBe(false);
  });

  test('on Bottlerocket meet no second plugin', () => {
    const labels = pool(l4).nodePool['template']?.['metadata']?.['labels'] as object;
    expect(Object.keys(labels).filter((label) => label.startsWith('nvidia.com/'))).toEqual([]);
  });
});

describe('a quota of GPUs', () => {
  const quota = (props: Partial<GpuQuotaProps> = {}) => {
    const chart = chartOf();
    const { queueLabel } = new GpuQuota(chart, 'quota', {
      name: 'research',
      namespace: 'science',
      shares: [{ machine: machineFor('aws', 'p5.48xlarge', 'h100'), gpus: 4 }],
      ...props,
    });
    const manifests = chart.toJson() as Manifest[];
    const specs = (kind: string) => manifests.filter((each) => each.kind === kind).map((each) => each['spec'] as Spec);
    const groups = specs('ClusterQueue')[0]?.['resourceGroups'] as unknown as readonly {
      readonly flavors: readonly {
        readonly name: string;
        readonly resources: readonly Readonly<Record<string, string>>[];
      }[];
    }[];
    return { queueLabel, manifests, specs, flavors: groups[0]?.flavors ?? [] };
  };

  test('is of the devices and of what comes with them in their machine', () => {
    const [flavor] = quota().flavors;
    expect(flavor?.resources).toEqual([
      { name: 'cpu', nominalQuota: '96' },
      { name: 'memory', nominalQuota: '1Ti' },
      { name: 'ephemeral-storage', nominalQuota: '14843750000Ki' },
      { name: 'nvidia.com/gpu', nominalQuota: '4' },
    ]);
  });

  test('is of one namespace, whose work says so by a label', () => {
    const { specs, manifests, queueLabel } = quota();
    expect(specs('ClusterQueue')[0]?.['namespaceSelector']).toEqual({
      matchLabels: { 'kubernetes.io/metadata.name': 'science' },
    });
    const queue = manifests.find(({ kind }) => kind === 'LocalQueue');
    expect(queue?.metadata).toMatchObject({ name: 'research', namespace: 'science' });
    expect(queueLabel).toEqual({ 'kueue.x-k8s.io/queue-name': 'research' });
  });

  test('stands for the nodes of the pool, and lets in only what tolerates their taints by itself', () => {
    const sharing = { kind: 'mig', profile: '1g.10gb' } as const;
    const share = { machine: machineFor('aws', 'p5.48xlarge', 'h100'), gpus: 4, sharing };
    const { specs, flavors } = quota({ shares: [share] });
    const { nodePool } = pool({
      ...l4,
      gpu: 'h100',
      capacity: { type: 'on-demand', machines: ['p5.48xlarge'] },
      sharing,
    });
    expect(specs('ResourceFlavor')).toEqual([
      {
        nodeLabels: nodePool['template']?.['metadata']?.['labels'],
        nodeTaints: nodePool['template']?.['spec']?.['taints'],
      },
    ]);
    expect(flavors[0]?.resources).toContainEqual({ name: 'nvidia.com/gpu', nominalQuota: '28' });
  });

  test('on GKE stands for nodes by the labels that GKE gives them', () => {
    const machine = machineFor('gke', 'a3-highgpu-8g', 'h100');
    const labels = (sharing?: { kind: 'mig'; profile: '1g.10gb' } | { kind: 'time-slicing'; clients: number }) =>
      quota({ shares: [{ machine, gpus: 8, ...(sharing === undefined ? {} : { sharing }) }] }).specs(
        'ResourceFlavor',
      )[0]?.['nodeLabels'];
    const accelerator = { 'cloud.google.com/gke-accelerator': 'nvidia-h100-80gb' };
    expect(labels()).toEqual(accelerator);
    expect(labels({ kind: 'mig', profile: '1g.10gb' })).toEqual({
      ...accelerator,
      'cloud.google.com/gke-gpu-partition-size': '1g.10gb',
    });
    expect(labels({ kind: 'time-slicing', clients: 3 })).toEqual({
      ...accelerator,
      'cloud.google.com/gke-gpu-sharing-strategy': 'time-sharing',
      'cloud.google.com/gke-max-shared-clients-per-gpu': '3',
    });
  });

  test('stops, borrows and lends nothing that was not said', () => {
    const { specs, flavors } = quota({ cohort: { name: 'gpus' } });
    expect(specs('ClusterQueue')[0]).toMatchObject({
      queueingStrategy: 'BestEffortFIFO',
      cohortName: 'gpus',
      preemption: {
        withinClusterQueue: 'Never',
        reclaimWithinCohort: 'Never',
        borrowWithinCohort: { policy: 'Never' },
      },
    });
    for (const resource of flavors[0]?.resources ?? [])
      expect(resource).toMatchObject({ borrowingLimit: '0', lendingLimit: '0' });
  });

  test('without a cohort has no limit on what it borrows: the API server would refuse one', () => {
    for (const resource of quota().flavors[0]?.resources ?? []) expect(resource).not.toHaveProperty('borrowingLimit');
  });

  test('stops what may be stopped and takes back what it lent, when that was said', () => {
    const { specs, flavors } = quota({
      strict: true,
      preempts: 'lower-priority',
      cohort: { name: 'gpus', borrows: 'what-is-free', lends: 'what-is-free', reclaims: 'anybody' },
    });
    expect(specs('ClusterQueue')[0]).toMatchObject({
      queueingStrategy: 'StrictFIFO',
      preemption: { withinClusterQueue: 'LowerPriority', reclaimWithinCohort: 'Any' },
    });
    expect(flavors[0]?.resources[3]).toEqual({ name: 'nvidia.com/gpu', nominalQuota: '4' });
  });
});

describe('everything that GPU nodes and quotas emit', () => {
  test('holds every rule', () => {
    expect(checkManifests(gpuNodeCases.compliant)).toEqual([]);
  });

  describeWith(realData, 'given the definitions of Karpenter and Kueue', () => {
    test('is taken without a field that they do not know', () => {
      const schemas = new ApiSchemas();
      expect(gpuNodeCases.compliant.flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
    });
  });
});
