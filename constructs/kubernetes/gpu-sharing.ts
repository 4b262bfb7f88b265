import {
  GPU_RESOURCE,
  GPU_SHARING_LABEL,
  GPU_TAINT,
  type GpuClass,
  type GpuMachine,
  type GpuShare,
  type GpuSharing,
  gpuLabels,
  gpuMemory,
  sharingName,
} from '@penstock/model';
import type { NodeTaint } from './crd/karpenter.ts';

export { clientsOf, type GpuSharing, gpuLabels, type MigSharing, sharingName, type TimeSlicing } from '@penstock/model';

/** What a pod says to get a device of one class, shared in one way or whole. */
export interface GpuPlacement {
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly { readonly key: string; readonly operator: 'Exists'; readonly effect: 'NoSchedule' }[];
  /** The limit that counts devices, or shares of them. */
  readonly resource: typeof GPU_RESOURCE;
}

/** By which configuration the device plugin of NVIDIA runs on a node. */
export const DEVICE_PLUGIN_LABEL = 'nvidia.com/device-plugin.config';

/** How nodes have to share their devices for what an engine was declared with; undefined where it has them whole. */
export function sharingOf({ mig, sharedBy }: Pick<GpuShare, 'mig' | 'sharedBy'>): GpuSharing | undefined {
  if (mig !== undefined) return { kind: 'mig', profile: mig };
  return sharedBy > 1 ? { kind: 'time-slicing', clients: sharedBy } : undefined;
}

/**
 * A share has the same resource name as a device: Karpenter buys machines for resources that it knows, and never for
 * `nvidia.com/mig-1g.10gb`. The second taint keeps off whoever wants a whole device and says nothing else.
 */
export const gpuTaints = (sharing: GpuSharing | undefined): readonly NodeTaint[] =>
  sharing === undefined
    ? [GPU_TAINT]
    : [GPU_TAINT, { key: GPU_SHARING_LABEL, value: sharingName(sharing), effect: 'NoSchedule' }];

/** Labels and taints of nodes on one machine type. GKE sets its own; the others are those of a `GpuNodePool`. */
export const gpuNodesOf = (
  machine: GpuMachine,
  sharing: GpuSharing | undefined,
): { readonly nodeLabels: Readonly<Record<string, string>>; readonly nodeTaints: readonly NodeTaint[] } =>
  machine.cloud === 'gke'
    ? {
        nodeLabels: { 'cloud.google.com/gke-accelerator': machine.accelerator, ...gkeSharing(sharing) },
        nodeTaints: gpuTaints(undefined),
      }
    : { nodeLabels: gpuLabels(machine.gpu, sharing), nodeTaints: gpuTaints(sharing) };

function gkeSharing(sharing: GpuSharing | undefined): Readonly<Record<string, string>> {
  if (sharing === undefined) return {};
  return sharing.kind === 'mig'
    ? { 'cloud.google.com/gke-gpu-partition-size': sharing.profile }
    : {
        'cloud.google.com/gke-gpu-sharing-strategy': 'time-sharing',
        'cloud.google.com/gke-max-shared-clients-per-gpu': String(sharing.clients),
      };
}

/** For pods that go to nodes on one machine type, whichever cloud it is of. */
export function gpuPlacementOn(machine: GpuMachine, sharing: GpuSharing | undefined): GpuPlacement {
  const { nodeLabels, nodeTaints } = gpuNodesOf(machine, sharing);
  return { nodeSelector: nodeLabels, tolerations: tolerationsOf(nodeTaints), resource: GPU_RESOURCE };
}

const tolerationsOf = (taints: readonly NodeTaint[]): GpuPlacement['tolerations'] =>
  taints.map(({ key, effect }) => ({ key, operator: 'Exists', effect }));

/** For pods that go to the nodes of a `GpuNodePool`. */
export const gpuPlacement = <C extends GpuClass>(gpu: C, sharing?: GpuSharing<C>): GpuPlacement => ({
  nodeSelector: gpuLabels(gpu, sharing),
  tolerations: tolerationsOf(gpuTaints(sharing)),
  resource: GPU_RESOURCE,
});

/** Settings of Bottlerocket, whose own device plugin shares the devices; undefined where nothing is shared. */
export function bottlerocketSettings(gpu: GpuClass, sharing: GpuSharing | undefined): string | undefined {
  if (sharing === undefined) return undefined;
  const plugin = 'settings.kubelet-device-plugins.nvidia';
  const lines =
    sharing.kind === 'mig'
      ? [
          `[${plugin}]`,
          'device-partitioning-strategy = "mig"',
          `[${plugin}.mig.profile]`,
          `"${bottlerocketModel(gpu)}" = "${sharing.profile}"`,
        ]
      : [
          `[${plugin}]`,
          'device-sharing-strategy = "time-slicing"',
          `[${plugin}.time-slicing]`,
          `replicas = ${sharing.clients}`,
          'rename-by-default = false',
          'fail-requests-greater-than-one = true',
        ];
  return `${lines.join('\n')}\n`;
}

/** Bottlerocket's name of a device, e.g. `a100.40gb` or `rtxpro6000.96gb`. */
const bottlerocketModel = (gpu: GpuClass): string =>
  `${gpu.replace(/-\d+gb$/, '').replaceAll('-', '')}.${gpuMemory(gpu).bytes / 1e9}gb`;
