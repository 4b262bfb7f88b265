import { GPU_CLASS_LABEL, GPU_SHARING_LABEL } from '../gpu-labels.ts';
import type { GpuClass, MigClass, MigProfile } from './classes.ts';
import { migSlice } from './mig.ts';

/** Pods take turns on a device. Its memory is anybody's: one that takes too much brings all of them down. */
export interface TimeSlicing {
  readonly kind: 'time-slicing';
  /** Pods that may be on one device. */
  readonly clients: number;
}

/** Every device of a node is cut into slices of one size, each with memory and compute of its own. */
export interface MigSharing<C extends GpuClass> {
  readonly kind: 'mig';
  readonly profile: MigProfile<C>;
}

/** How many pods share a device, and by what. */
export type GpuSharing<C extends GpuClass = GpuClass> = TimeSlicing | MigSharing<C>;

/** The name of a way of sharing, e.g. `mig-1g.10gb`: value of labels and taints, key of configurations. */
export function sharingName(sharing: GpuSharing | undefined): string {
  if (sharing === undefined) return 'whole';
  return sharing.kind === 'mig' ? `mig-${sharing.profile}` : `time-slicing-${sharing.clients}`;
}

/** Pods that one device has room for. */
export function clientsOf(gpu: GpuClass, sharing: GpuSharing | undefined): number {
  if (sharing === undefined) return 1;
  return sharing.kind === 'mig' ? migSlice(gpu as MigClass, sharing.profile).perDevice : sharing.clients;
}

/** What a node says of its devices, on every cloud. */
export const gpuLabels = (gpu: GpuClass, sharing: GpuSharing | undefined): Readonly<Record<string, string>> => ({
  [GPU_CLASS_LABEL]: gpu,
  [GPU_SHARING_LABEL]: sharingName(sharing),
});
