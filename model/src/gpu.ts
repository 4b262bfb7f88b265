export type {
  AwsGpuFamily,
  AwsGpuMachine,
  AwsOnDemandMachine,
  EksGpuImage,
  EksImageFamily,
  SpotClass,
} from './gpu/aws.ts';
export {
  GPU_CLASSES,
  type GpuClass,
  type GpuFacts,
  gpuFacts,
  gpuMemory,
  type MigClass,
  type MigProfile,
} from './gpu/classes.ts';
export type { GkeAccelerator, GkeGpuMachine, VertexAccelerator } from './gpu/gke.ts';
export {
  type AwsMachine,
  type GkeMachine,
  GPU_MACHINES,
  type GpuCloud,
  type GpuMachine,
  type GpuMachineName,
  type GpuMachineShare,
  machineFor,
  machinesOf,
  shareOf,
} from './gpu/machines.ts';
export { type MigSlice, migSlice, migSlices } from './gpu/mig.ts';
export type { ListPrice, PriceList } from './gpu/price.ts';

/** What a pod asks for to get whole devices. */
export const GPU_RESOURCE = 'nvidia.com/gpu';

/** Keeps off GPU nodes what needs no device. GKE sets it so by itself; every other pool says the same. */
export const GPU_TAINT = { key: GPU_RESOURCE, value: 'present', effect: 'NoSchedule' } as const;

/** Class of the devices of a node. */
export const GPU_CLASS_LABEL = 'penstock.dev/gpu-class';

/** How the devices of a node are shared, `whole` when they are not; also the key of a taint where they are. */
export const GPU_SHARING_LABEL = 'penstock.dev/gpu-sharing';
