import type { BytesText } from '../units.ts';
import type { GpuClass } from './classes.ts';
import type { PriceList } from './price.ts';

interface FamilyFacts {
  readonly gpu: GpuClass;
  /** Name of the device to EC2, and in Karpenter's label `karpenter.k8s.aws/instance-gpu-name`. */
  readonly device: string;
  readonly architecture: 'amd64' | 'arm64';
  /** Sold in Capacity Blocks and reservations only. */
  readonly reservedOnly?: true;
  readonly sizes: Readonly<Record<string, AwsSize>>;
}

export interface AwsSize {
  readonly gpus: number;
  readonly vcpus: number;
  readonly memory: BytesText;
  /** All local disks together. */
  readonly nvme?: BytesText;
  /** Network, in gigabits per second. */
  readonly gbps: number;
  /** Elastic Fabric Adapters; left out: it has none. */
  readonly efa?: number;
  /** List price of an hour on demand; left out: none is published. */
  readonly usd?: number;
}

export const AWS_PRICES: PriceList = {
  region: 'us-east-1',
  asOf: '2026-07-20',
  source: 'AWS Price List, as Karpenter for AWS carries it',
};

/**
 * Families of Amazon EC2 with NVIDIA devices that EKS has an image for. Sizes from DescribeInstanceTypes, as the
 * reference of Karpenter for AWS prints it; families with fractions of a device (g6f) and whole racks (p6e) are left out.
 */
export const AWS_FAMILIES = {
  g4dn: {
    gpu: 't4',
    device: 't4',
    architecture: 'amd64',
    sizes: {
      xlarge: { gpus: 1, vcpus: 4, memory: '16 GiB', nvme: '125 GB', gbps: 5, usd: 0.526 },
      '2xlarge': { gpus: 1, vcpus: 8, memory: '32 GiB', nvme: '225 GB', gbps: 10, usd: 0.752 },
      '4xlarge': { gpus: 1, vcpus: 16, memory: '64 GiB', nvme: '225 GB', gbps: 20, usd: 1.204 },
      '8xlarge': { gpus: 1, vcpus: 32, memory: '128 GiB', nvme: '900 GB', gbps: 50, efa: 1, usd: 2.176 },
      '12xlarge': { gpus: 4, vcpus: 48, memory: '192 GiB', nvme: '900 GB', gbps: 50, efa: 1, usd: 3.912 },
      '16xlarge': { gpus: 1, vcpus: 64, memory: '256 GiB', nvme: '900 GB', gbps: 50, efa: 1, usd: 4.352 },
      metal: { gpus: 8, vcpus: 96, memory: '384 GiB', nvme: '1800 GB', gbps: 100, efa: 1, usd: 7.824 },
    },
  },
  g5: {
    gpu: 'a10g',
    device: 'a10g',
    architecture: 'amd64',
    sizes: {
      xlarge: { gpus: 1, vcpus: 4, memory: '16 GiB', nvme: '250 GB', gbps: 2.5, usd: 1.006 },
      '2xlarge': { gpus: 1, vcpus: 8, memory: '32 GiB', nvme: '450 GB', gbps: 5, usd: 1.212 },
      '4xlarge': { gpus: 1, vcpus: 16, memory: '64 GiB', nvme: '600 GB', gbps: 10, usd: 1.624 },
      '8xlarge': { gpus: 1, vcpus: 32, memory: '128 GiB', nvme: '900 GB', gbps: 25, efa: 1, usd: 2.448 },
      '12xlarge': { gpus: 4, vcpus: 48, memory: '192 GiB', nvme: '3800 GB', gbps: 40, efa: 1, usd: 5.672 },
      '16xlarge': { gpus: 1, vcpus: 64, memory: '256 GiB', nvme: '1900 GB', gbps: 25, efa: 1, usd: 4.096 },
      '24xlarge': { gpus: 4, vcpus: 96, memory: '384 GiB', nvme: '3800 GB', gbps: 50, efa: 1, usd: 8.144 },
      '48xlarge': { gpus: 8, vcpus: 192, memory: '768 GiB', nvme: '7600 GB', gbps: 100, efa: 1, usd: 16.288 },
    },
  },
  g5g: {
    gpu: 't4g',
    device: 't4g',
    architecture: 'arm64',
    sizes: {
      xlarge: { gpus: 1, vcpus: 4, memory: '8 GiB', gbps: 1.25, usd: 0.42 },
      '2xlarge': { gpus: 1, vcpus: 8, memory: '16 GiB', gbps: 2.5, usd: 0.556 },
      '4xlarge': { gpus: 1, vcpus: 16, memory: '32 GiB', gbps: 5, usd: 0.828 },
      '8xlarge': { gpus: 1, vcpus: 32, memory: '64 GiB', gbps: 12, usd: 1.372 },
      '16xlarge': { gpus: 2, vcpus: 64, memory: '128 GiB', gbps: 25, usd: 2.744 },
      metal: { gpus: 2, vcpus: 64, memory: '128 GiB', gbps: 25, usd: 2.744 },
    },
  },
  g6: {
    gpu: 'l4',
    device: 'l4',
    architecture: 'amd64',
    sizes: {
      xlarge: { gpus: 1, vcpus: 4, memory: '16 GiB', nvme: '250 GB', gbps: 2.5, usd: 0.8048 },
      '2xlarge': { gpus: 1, vcpus: 8, memory: '32 GiB', nvme: '450 GB', gbps: 5, usd: 0.9776 },
      '4xlarge': { gpus: 1, vcpus: 16, memory: '64 GiB', nvme: '600 GB', gbps: 10, usd: 1.3232 },
      '8xlarge': { gpus: 1, vcpus: 32, memory: '128 GiB', nvme: '900 GB', gbps: 25, efa: 1, usd: 2.0144 },
      '12xlarge': { gpus: 4, vcpus: 48, memory: '192 GiB', nvme: '3760 GB', gbps: 40, efa: 1, usd: 4.6016 },
      '16xlarge': { gpus: 1, vcpus: 64, memory: '256 GiB', nvme: '1880 GB', gbps: 25, efa: 1, usd: 3.3968 },
      '24xlarge': { gpus: 4, vcpus: 96, memory: '384 GiB', nvme: '3760 GB', gbps: 50, efa: 1, usd: 6.6752 },
      '48xlarge': { gpus: 8, vcpus: 192, memory: '768 GiB', nvme: '7520 GB', gbps: 100, efa: 1, usd: 13.3504 },
    },
  },
  gr6: {
    gpu: 'l4',
    device: 'l4',
    architecture: 'amd64',
    sizes: {
      '4xlarge': { gpus: 1, vcpus: 16, memory: '128 GiB', nvme: '600 GB', gbps: 10, usd: 1.5392 },
      '8xlarge': { gpus: 1, vcpus: 32, memory: '256 GiB', nvme: '900 GB', gbps: 25, efa: 1, usd: 2.4464 },
    },
  },
  g6e: {
    gpu: 'l40s',
    device: 'l40s',
    architecture: 'amd64',
    sizes: {
      xlarge: { gpus: 1, vcpus: 4, memory: '32 GiB', nvme: '250 GB', gbps: 2.5, usd: 1.861 },
      '2xlarge': { gpus: 1, vcpus: 8, memory: '64 GiB', nvme: '450 GB', gbps: 5, usd: 2.24208 },
      '4xlarge': { gpus: 1, vcpus: 16, memory: '128 GiB', nvme: '600 GB', gbps: 20, usd: 3.00424 },
      '8xlarge': { gpus: 1, vcpus: 32, memory: '256 GiB', nvme: '900 GB', gbps: 25, efa: 1, usd: 4.52856 },
      '12xlarge': { gpus: 4, vcpus: 48, memory: '384 GiB', nvme: '3800 GB', gbps: 100, efa: 1, usd: 10.49264 },
      '16xlarge': { gpus: 1, vcpus: 64, memory: '512 GiB', nvme: '1900 GB', gbps: 35, efa: 1, usd: 7.57719 },
      '24xlarge': { gpus: 4, vcpus: 96, memory: '768 GiB', nvme: '3800 GB', gbps: 200, efa: 2, usd: 15.06559 },
      '48xlarge': { gpus: 8, vcpus: 192, memory: '1536 GiB', nvme: '7600 GB', gbps: 400, efa: 4, usd: 30.13118 },
    },
  },
  g7e: {
    gpu: 'rtx-pro-6000',
    device: 'rtx-pro-server-6000',
    architecture: 'amd64',
    sizes: {
      '2xlarge': { gpus: 1, vcpus: 8, memory: '64 GiB', nvme: '1900 GB', gbps: 50, usd: 3.36312 },
      '4xlarge': { gpus: 1, vcpus: 16, memory: '128 GiB', nvme: '1900 GB', gbps: 50, usd: 3.99816 },
      '8xlarge': { gpus: 1, vcpus: 32, memory: '256 GiB', nvme: '1900 GB', gbps: 100, efa: 1, usd: 5.26824 },
      '12xlarge': { gpus: 2, vcpus: 48, memory: '512 GiB', nvme: '3800 GB', gbps: 400, efa: 1, usd: 8.28608 },
      '24xlarge': { gpus: 4, vcpus: 96, memory: '1024 GiB', nvme: '7600 GB', gbps: 800, efa: 2, usd: 16.57216 },
      '48xlarge': { gpus: 8, vcpus: 192, memory: '2048 GiB', nvme: '15200 GB', gbps: 1600, efa: 4, usd: 33.14432 },
    },
  },
  p4d: {
    gpu: 'a100-40gb',
    device: 'a100',
    architecture: 'amd64',
    sizes: {
      '24xlarge': { gpus: 8, vcpus: 96, memory: '1152 GiB', nvme: '8000 GB', gbps: 400, efa: 4, usd: 21.957642 },
    },
  },
  p4de: {
    gpu: 'a100-80gb',
    device: 'a100',
    architecture: 'amd64',
    sizes: {
      '24xlarge': { gpus: 8, vcpus: 96, memory: '1152 GiB', nvme: '8000 GB', gbps: 400, efa: 4, usd: 27.44705 },
    },
  },
  p5: {
    gpu: 'h100',
    device: 'h100',
    architecture: 'amd64',
    sizes: {
      '4xlarge': { gpus: 1, vcpus: 16, memory: '256 GiB', nvme: '3800 GB', gbps: 100, efa: 1, usd: 6.88 },
      '48xlarge': { gpus: 8, vcpus: 192, memory: '2048 GiB', nvme: '30400 GB', gbps: 3200, efa: 32, usd: 55.04 },
    },
  },
  p5e: {
    gpu: 'h200',
    device: 'h200',
    architecture: 'amd64',
    reservedOnly: true,
    sizes: {
      '48xlarge': { gpus: 8, vcpus: 192, memory: '2048 GiB', nvme: '30400 GB', gbps: 3200, efa: 32 },
    },
  },
  p5en: {
    gpu: 'h200',
    device: 'h200',
    architecture: 'amd64',
    sizes: {
      '48xlarge': { gpus: 8, vcpus: 192, memory: '2048 GiB', nvme: '30400 GB', gbps: 3200, efa: 16, usd: 63.296 },
    },
  },
  'p6-b200': {
    gpu: 'b200',
    device: 'b200',
    architecture: 'amd64',
    sizes: {
      '48xlarge': { gpus: 8, vcpus: 192, memory: '2048 GiB', nvme: '30400 GB', gbps: 3200, efa: 8, usd: 113.9328 },
    },
  },
  'p6-b300': {
    gpu: 'b300',
    device: 'b300',
    architecture: 'amd64',
    sizes: {
      '48xlarge': { gpus: 8, vcpus: 192, memory: '4096 GiB', nvme: '30400 GB', gbps: 6400, efa: 16, usd: 142.416 },
    },
  },
} as const satisfies Readonly<Record<string, FamilyFacts>>;

type Families = typeof AWS_FAMILIES;

export type AwsGpuFamily = keyof Families;

/** Instance types of Amazon EC2 with devices of a class, e.g. `p5.48xlarge`. */
export type AwsGpuMachine<C extends GpuClass = GpuClass> = {
  [F in AwsGpuFamily]: Families[F]['gpu'] extends C ? `${F}.${keyof Families[F]['sizes'] & string}` : never;
}[AwsGpuFamily];

/** Those of them that are sold by the hour, without a reservation. */
export type AwsOnDemandMachine<C extends GpuClass = GpuClass> = {
  [F in AwsGpuFamily]: Families[F] extends { readonly reservedOnly: true }
    ? never
    : Extract<AwsGpuMachine<C>, `${F}.${string}`>;
}[AwsGpuFamily];

/** `true` for a union of three names or more. */
type AtLeastThree<N extends string> = {
  [A in N]: { [B in Exclude<N, A>]: [Exclude<N, A | B>] extends [never] ? never : true }[Exclude<N, A>];
}[N];

/** Classes that Spot has several machines of: one that has one or two loses all its nodes at once. */
export type SpotClass = {
  [C in GpuClass]: [AtLeastThree<AwsGpuMachine<C>>] extends [never] ? never : C;
}[GpuClass];

/** EKS images with the NVIDIA driver, by the architecture of the machine. Names as EKS's node groups take them. */
export const EKS_IMAGES = {
  amd64: { al2023: 'AL2023_x86_64_NVIDIA', bottlerocket: 'BOTTLEROCKET_x86_64_NVIDIA' },
  arm64: { al2023: 'AL2023_ARM_64_NVIDIA', bottlerocket: 'BOTTLEROCKET_ARM_64_NVIDIA' },
} as const;

export type EksImageFamily = keyof (typeof EKS_IMAGES)['amd64'];
export type EksGpuImage = (typeof EKS_IMAGES)[keyof typeof EKS_IMAGES][EksImageFamily];
