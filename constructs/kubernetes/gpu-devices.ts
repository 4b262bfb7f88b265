import type { GpuMachine, GpuShare, ResolvedInferenceEngine } from '@penstock/model';
import { ConstructError } from '../errors.ts';
import type { ResourceClaimTemplateSpec } from './crd/resource-claim-template.ts';
import { gpuPlacementOn, sharingOf } from './gpu-sharing.ts';
import type { Placement } from './placement.ts';
import type { Devices } from './pod-template.ts';
import type { WorkloadContext } from './workload.ts';

/**
 * Who hands out devices: the device plugin by their number, or a driver of dynamic resource allocation by claims
 * (Kubernetes 1.34 and NVIDIA's DRA driver). One node has one of them.
 */
export type GpuAllocation = 'device-plugin' | 'resource-claim';

/** What the pods of an engine say to get their devices, and on which nodes. */
export interface GpuDevices {
  readonly devices: Devices;
  readonly placement: Pick<Placement, 'nodeSelector' | 'tolerations'>;
  /** What is claimed, where devices come by claims. */
  readonly claim: ResourceClaimTemplateSpec | undefined;
  /** True when a machine has room for one replica and no second. */
  readonly fillsMachine: boolean;
}

/** @returns undefined for an engine on processors */
export function gpuDevices(
  context: WorkloadContext<ResolvedInferenceEngine>,
  machine: GpuMachine | undefined,
  allocation: GpuAllocation,
): GpuDevices | undefined {
  const { id, name, accelerator, resources } = context.workload;
  const path = `engines.${id}`;
  if (accelerator === 'cpu') {
    if (machine === undefined) return undefined;
    throw unfit(path, `received ${machine.name} with GPUs, expected no machine for an engine on processors`);
  }
  if (machine === undefined) {
    throw new ConstructError('reference-missing', path, `expected the machine that its ${accelerator.gpu} are in`);
  }
  checkFit(path, accelerator, resources, machine);
  const sharing = sharingOf(accelerator);
  const { nodeSelector, tolerations, resource } = gpuPlacementOn(machine, sharing);
  const common = {
    placement: { nodeSelector, tolerations },
    fillsMachine: sharing === undefined && accelerator.devices > machine.gpus / 2,
  };
  const { sharedMemory } = accelerator;
  if (allocation === 'device-plugin') {
    const limits = { [resource]: String(accelerator.devices) };
    return { ...common, devices: { limits, claims: {}, sharedMemory }, claim: undefined };
  }
  if (accelerator.sharedBy > 1) {
    throw unfit(
      path,
      'received resource-claim, expected device-plugin: a template makes a claim for each pod, and none is shared',
    );
  }
  return { ...common, devices: { limits: {}, claims: { gpu: name }, sharedMemory }, claim: claimOf(accelerator) };
}

function checkFit(
  path: string,
  { gpu, devices }: GpuShare,
  { cpu, memory }: ResolvedInferenceEngine['resources'],
  machine: GpuMachine,
): void {
  if (machine.gpu !== gpu)
    throw unfit(path, `received ${machine.name} with ${machine.gpu}, expected a machine with ${gpu}`);
  if (devices > machine.gpus) {
    throw unfit(
      path,
      `received ${machine.name} with ${machine.gpus} ${gpu}, expected ${devices} of them for one replica`,
    );
  }
  if (cpu > machine.vcpus) {
    throw unfit(path, `received ${machine.name} with ${machine.vcpus} processors, expected ${cpu} for one replica`);
  }
  if (memory.isLargerThan(machine.memory)) {
    throw unfit(path, `received ${machine.name} with ${machine.memory}, expected ${memory} for one replica`);
  }
}

const unfit = (path: string, message: string): ConstructError => new ConstructError('machine-unfit', path, message);

/** Names of NVIDIA's DRA driver. The class of a device follows from the node, the size of a slice from its profile. */
const claimOf = ({ devices, mig }: GpuShare): ResourceClaimTemplateSpec => ({
  spec: {
    devices: {
      requests: [
        {
          name: 'gpu',
          exactly:
            mig === undefined
              ? { deviceClassName: 'gpu.nvidia.com', allocationMode: 'ExactCount', count: devices }
              : {
                  deviceClassName: 'mig.nvidia.com',
                  allocationMode: 'ExactCount',
                  count: 1,
                  selectors: [{ cel: { expression: `device.attributes['gpu.nvidia.com'].profile == '${mig}'` } }],
                },
        },
      ],
    },
  },
});
