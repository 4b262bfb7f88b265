import { Bytes, machineFor } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../../../constructs/binding.ts';
import { DevicePluginConfig, GpuNodePool, GpuQuota } from '../../../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf } from './case.ts';

const cluster = { role: Binding.of('prod-gpu-nodes'), discovery: Binding.of('prod') };

/** Every way in which GPU nodes are bought, imaged and shared, and a quota of every kind over them. */
function gpuNodes(): readonly Manifest[] {
  const chart = new Chart(new App(), 'gpu', { namespace: 'shop' });
  const common = { cluster, maxGpus: 16 };
  const timeSlicing = { kind: 'time-slicing', clients: 4 } as const;
  new GpuNodePool(chart, 'serving', {
    ...common,
    name: 'l40s',
    gpu: 'l40s',
    capacity: { type: 'on-demand', machines: ['g6e.12xlarge', 'g6e.48xlarge'] },
    image: 'bottlerocket@v1.64.0',
  });
  new GpuNodePool(chart, 'cut', {
    ...common,
    name: 'h100-cut',
    gpu: 'h100',
    capacity: { type: 'on-demand', machines: ['p5.48xlarge'] },
    image: 'bottlerocket@v1.64.0',
    sharing: { kind: 'mig', profile: '1g.10gb' },
  });
  new GpuNodePool(chart, 'turns', {
    ...common,
    name: 'l4-turns',
    gpu: 'l4',
    capacity: { type: 'spot' },
    image: 'bottlerocket@v1.64.0',
    sharing: timeSlicing,
  });
  new GpuNodePool(chart, 'amazon-linux', {
    ...common,
    name: 'l4',
    gpu: 'l4',
    capacity: { type: 'on-demand', machines: ['g6.2xlarge', 'gr6.4xlarge'] },
    image: 'al2023@v20261101',
    sharing: timeSlicing,
    disk: Bytes.parse('200 GiB'),
    expireAfter: '240 hours',
    terminationGrace: '30 minutes',
    emptyFor: '10 minutes',
    disruptedAtOnce: '20%',
  });
  new GpuNodePool(chart, 'block', {
    ...common,
    name: 'h200',
    gpu: 'h200',
    capacity: {
      type: 'reserved',
      machines: ['p5e.48xlarge'],
      reservations: { ids: [Binding.of('cr-0123456789abcdef0')] },
    },
    image: 'bottlerocket@v1.64.0',
  });
  new GpuNodePool(chart, 'reservation', {
    ...common,
    name: 'b200',
    gpu: 'b200',
    capacity: {
      type: 'reserved',
      machines: ['p6-b200.48xlarge'],
      reservations: { tag: { key: 'team', value: Binding.of('ml') } },
    },
    image: 'al2023@v20261101',
  });
  new DevicePluginConfig(chart, 'device-plugin', { sharing: [timeSlicing] });
  new GpuQuota(chart, 'alone', {
    name: 'research',
    namespace: 'research',
    shares: [{ machine: machineFor('aws', 'p5.48xlarge', 'h100'), gpus: 16 }],
  });
  new GpuQuota(chart, 'sharing', {
    name: 'batch',
    namespace: 'batch',
    shares: [
      { machine: machineFor('aws', 'g6.12xlarge', 'l4'), gpus: 8, sharing: timeSlicing },
      { machine: machineFor('aws', 'p5.48xlarge', 'h100'), gpus: 8, sharing: { kind: 'mig', profile: '1g.10gb' } },
      { machine: machineFor('aws', 'g5g.xlarge', 't4g'), gpus: 2 },
      { machine: machineFor('gke', 'a3-highgpu-8g', 'h100'), gpus: 8 },
    ],
    preempts: 'lower-priority',
    strict: true,
    cohort: { name: 'gpus', borrows: 'what-is-free', reclaims: 'anybody' },
  });
  return chart.toJson() as Manifest[];
}

const compliant = gpuNodes();
const { broken } = casesOf(compliant);
const TEMPLATE = 'spec.template.spec';
const QUEUE = ['ClusterQueue', 'research'] as const;
const FLAVOR = ['ResourceFlavor', 'research-h100'] as const;

/** What the constructs emit, and what each safety of it is for. */
export const gpuNodeCases: CaseSet = {
  name: 'GPU nodes',
  compliant,
  cases: [
    broken(
      'node-lifetime',
      'a drain without an end',
      ['NodePool', 'l40s'],
      `${TEMPLATE}.terminationGracePeriod`,
      undefined,
      /keeps an expired node for ever/,
    ),
    broken(
      'gpu-taint',
      'shared devices for whoever wants a whole one',
      ['NodePool', 'h100-cut'],
      `${TEMPLATE}.taints`,
      [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }],
      /not tainted penstock.dev\/gpu-sharing/,
    ),
    broken('gpu-quota-owned', 'a quota of nobody', QUEUE, 'spec.namespaceSelector', undefined, /names no namespace/),
    broken('gpu-quota-owned', 'a quota of everybody', QUEUE, 'spec.namespaceSelector', {}, /names no namespace/),
    broken(
      'gpu-quota-owned',
      'a quota of any device',
      FLAVOR,
      'spec.nodeLabels',
      undefined,
      /names no class of devices/,
    ),
    broken('gpu-quota-owned', 'a quota on plain nodes', FLAVOR, 'spec.nodeTaints', undefined, /needs no device/),
    broken(
      'gpu-quota-owned',
      'a toleration for everybody in the queue',
      FLAVOR,
      'spec.tolerations',
      [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
      /whether they ask for a device or not/,
    ),
  ],
};
