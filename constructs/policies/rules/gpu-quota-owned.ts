import { GPU_CLASS_LABEL } from '@penstock/model';
import { GPU } from '../gpu.ts';
import { type Labels, type Manifest, specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface ClusterQueueSpec {
  readonly namespaceSelector: { readonly matchLabels?: Labels; readonly matchExpressions?: readonly unknown[] };
  readonly resourceGroups: readonly {
    readonly coveredResources?: readonly string[];
    readonly flavors?: readonly { readonly name?: string }[];
  }[];
}

interface ResourceFlavorSpec {
  readonly nodeLabels: Labels;
  readonly nodeTaints: readonly { readonly key?: string; readonly effect?: string }[];
  readonly tolerations: readonly { readonly key?: string }[];
}

/** Labels that say which devices a node has: ours, GKE's, Karpenter's, and that of NVIDIA's feature discovery. */
const CLASS_LABELS: readonly string[] = [
  GPU_CLASS_LABEL,
  'cloud.google.com/gke-accelerator',
  'karpenter.k8s.aws/instance-gpu-name',
  'nvidia.com/gpu.product',
];

/** Rule 29, for devices: whose they are, and which nodes they stand for. */
export const gpuQuotaOwned = kindPolicy(
  {
    id: 'gpu-quota-owned',
    rules: [13, 29],
    source: 'Kueue documentation (ClusterQueue, ResourceFlavor)',
    reads: ['ClusterQueue'],
    reason: "a share that every namespace may use is nobody's, and one that names no nodes is of any device there is",
  },
  ['ClusterQueue', 'ResourceFlavor'],
  (manifest, all) => (manifest.kind === 'ClusterQueue' ? ofQueue(manifest) : ofFlavor(manifest, all)),
);

function ofQueue(manifest: Manifest): readonly (string | false)[] {
  const { matchLabels = {}, matchExpressions = [] } = specOf<ClusterQueueSpec>(manifest).namespaceSelector ?? {};
  return [
    Object.keys(matchLabels).length + matchExpressions.length === 0 &&
      'names no namespace by a label: it is of nobody, or of all',
  ];
}

function ofFlavor(manifest: Manifest, all: readonly Manifest[]): readonly (string | false)[] {
  const groups = all
    .filter(({ kind }) => kind === 'ClusterQueue')
    .flatMap((queue) => specOf<ClusterQueueSpec>(queue).resourceGroups ?? []);
  const ofDevices = groups.some(
    ({ coveredResources = [], flavors = [] }) =>
      coveredResources.includes(GPU) && flavors.some(({ name }) => name === manifest.metadata.name),
  );
  if (!ofDevices) return [];
  const { nodeLabels = {}, nodeTaints = [], tolerations = [] } = specOf<ResourceFlavorSpec>(manifest);
  return [
    !Object.keys(nodeLabels).some((label) => CLASS_LABELS.includes(label)) &&
      `names no class of devices by a label of its nodes (${CLASS_LABELS.join(', ')}): its quota is of any device`,
    !nodeTaints.some(({ key, effect }) => key === GPU && effect === 'NoSchedule') &&
      `does not say that its nodes are tainted ${GPU}: work that needs no device is sent there`,
    tolerations.length > 0 && 'has pods tolerate the taints of its nodes, whether they ask for a device or not',
  ];
}
