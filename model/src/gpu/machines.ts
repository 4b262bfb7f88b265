import { Bytes } from '../units.ts';
import {
  AWS_FAMILIES,
  AWS_PRICES,
  type AwsGpuFamily,
  type AwsGpuMachine,
  type AwsSize,
  EKS_IMAGES,
  type EksGpuImage,
  type EksImageFamily,
} from './aws.ts';
import { type GpuClass, gpuMemory } from './classes.ts';
import {
  GKE_PRICES,
  GKE_SERIES,
  type GkeAccelerator,
  type GkeGpuMachine,
  type GkeSize,
  type VertexAccelerator,
} from './gke.ts';
import { mismatch } from './mismatch.ts';
import type { ListPrice } from './price.ts';

export type GpuCloud = 'aws' | 'gke';

/** Machine types of a cloud with devices of a class. */
export type GpuMachineName<C extends GpuClass, Cloud extends GpuCloud> = Cloud extends 'aws'
  ? AwsGpuMachine<C>
  : GkeGpuMachine<C>;

interface MachineFacts {
  readonly gpu: GpuClass;
  readonly gpus: number;
  /** Memory of all its devices together. */
  readonly gpuMemory: Bytes;
  readonly vcpus: number;
  readonly memory: Bytes;
  /** Local disks together; zero where it has none. */
  readonly localDisk: Bytes;
  /** True when it is sold by the hour, without a reservation and without being taken back. */
  readonly onDemand: boolean;
  /** Left out where no list with a date was read. */
  readonly price?: ListPrice;
}

export interface AwsMachine extends MachineFacts {
  readonly cloud: 'aws';
  readonly name: AwsGpuMachine;
  readonly family: AwsGpuFamily;
  /** Name of its devices in Karpenter's label `karpenter.k8s.aws/instance-gpu-name`. */
  readonly device: string;
  readonly architecture: 'amd64' | 'arm64';
  /** Images of EKS with the driver in them. */
  readonly images: Readonly<Record<EksImageFamily, EksGpuImage>>;
  readonly networkGbps: number;
  /** Elastic Fabric Adapters, for traffic between the devices of several machines. */
  readonly efaInterfaces: number;
}

export interface GkeMachine extends MachineFacts {
  readonly cloud: 'gke';
  readonly name: GkeGpuMachine;
  readonly accelerator: GkeAccelerator;
  readonly vertex: VertexAccelerator;
  /** Local SSDs to ask for. */
  readonly localSsds: number;
  /** True when it comes with exactly these. */
  readonly localSsdsBundled: boolean;
}

/** A machine that a cloud rents with GPUs in it. */
export type GpuMachine = AwsMachine | GkeMachine;

const LOCAL_SSD = Bytes.parse('375 GiB');

const AWS: readonly AwsMachine[] = Object.entries(AWS_FAMILIES).flatMap(([family, facts]) =>
  Object.entries<AwsSize>(facts.sizes).map(([size, { gbps, efa, nvme, usd, ...rest }]) => ({
    cloud: 'aws',
    name: `${family}.${size}` as AwsGpuMachine,
    family: family as AwsGpuFamily,
    device: facts.device,
    architecture: facts.architecture,
    images: EKS_IMAGES[facts.architecture],
    networkGbps: gbps,
    efaInterfaces: efa ?? 0,
    localDisk: Bytes.parse(nvme ?? '0 B'),
    onDemand: !('reservedOnly' in facts),
    ...common(facts.gpu, rest),
    ...(usd === undefined ? {} : { price: { ...AWS_PRICES, usdPerHour: usd } }),
  })),
);

const GKE: readonly GkeMachine[] = Object.values(GKE_SERIES).flatMap((series) =>
  Object.entries<GkeSize>(series.machines).map(([name, { ssds, reservedOnly, usd, ...rest }]) => ({
    cloud: 'gke',
    name: name as GkeGpuMachine,
    accelerator: series.accelerator,
    vertex: series.vertex,
    localSsds: ssds,
    localSsdsBundled: 'ssdsBundled' in series,
    localDisk: LOCAL_SSD.times(ssds),
    onDemand: !('reservedOnly' in series) && reservedOnly !== true,
    ...common(series.gpu, rest),
    ...(usd === undefined ? {} : { price: { ...GKE_PRICES, usdPerHour: usd } }),
  })),
);

/** Every machine of the catalogue, smallest of its family first. */
export const GPU_MACHINES: readonly GpuMachine[] = [...AWS, ...GKE];

/** Machine types of a cloud with devices of a class. */
export const machinesOf = <Cloud extends GpuCloud, C extends GpuClass>(
  cloud: Cloud,
  gpu: C,
): readonly GpuMachineName<C, Cloud>[] =>
  GPU_MACHINES.filter((machine) => machine.cloud === cloud && machine.gpu === gpu).map(
    ({ name }) => name as GpuMachineName<C, Cloud>,
  );

/**
 * The facts about a machine type that has devices of the class.
 *
 * @throws {ModelError} `accelerator-mismatch` for what the type checker did not see
 */
export function machineFor<Cloud extends GpuCloud, C extends GpuClass>(
  cloud: Cloud,
  name: GpuMachineName<NoInfer<C>, Cloud>,
  gpu: C,
): Extract<GpuMachine, { readonly cloud: Cloud }> {
  const found = GPU_MACHINES.find((machine) => machine.cloud === cloud && machine.name === name);
  if (found?.gpu === gpu) return found as Extract<GpuMachine, { readonly cloud: Cloud }>;
  throw mismatch('machine', found === undefined ? name : `${name}, with ${found.gpu}`, gpu, machinesOf(cloud, gpu));
}

/** What comes with so many devices of a machine, whole or in part. Its disk is that of the machine itself. */
export function shareOf({ gpus, vcpus, memory, localDisk }: GpuMachine, devices: number): GpuMachineShare {
  const part = (size: Bytes): Bytes => Bytes.of(Math.floor((size.bytes / gpus) * devices));
  return { vcpus: (vcpus / gpus) * devices, memory: part(memory), localDisk: part(localDisk) };
}

export interface GpuMachineShare {
  readonly vcpus: number;
  readonly memory: Bytes;
  readonly localDisk: Bytes;
}

function common(
  gpu: GpuClass,
  { gpus, vcpus, memory }: Pick<AwsSize, 'gpus' | 'vcpus' | 'memory'>,
): Pick<MachineFacts, 'gpu' | 'gpus' | 'gpuMemory' | 'vcpus' | 'memory'> {
  return { gpu, gpus, gpuMemory: gpuMemory(gpu).times(gpus), vcpus, memory: Bytes.parse(memory) };
}
