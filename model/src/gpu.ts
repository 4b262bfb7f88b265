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
export {
  GKE_PRICES,
  type GkeAccelerator,
  type GkeGpuMachine,
  type GkeOnDemandMachine,
  type VertexAccelerator,
} from './gpu/gke.ts';
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
export {
  clientsOf,
  type GpuSharing,
  gpuLabels,
  type MigSharing,
  sharingName,
  type TimeSlicing,
} from './gpu/sharing.ts';
export { GPU_CLASS_LABEL, GPU_RESOURCE, GPU_SHARING_LABEL, GPU_TAINT } from './gpu-labels.ts';
