import { Bytes, type BytesText } from '../units.ts';

interface ClassFacts {
  /** Memory of one device, as the vendor states it. */
  readonly memory: BytesText;
  readonly architecture: string;
  /** CUDA compute capability: what kernels and number formats it runs. */
  readonly computeCapability: `${number}.${number}`;
  /** First branch of the NVIDIA data center driver that knows the device. */
  readonly minimumDriver: number;
  /** Slices by their names; how many of one name a device is cut into at most. Left out: the device cannot be cut. */
  readonly mig?: Readonly<Record<`${number}g.${number}gb`, number>>;
}

/**
 * Device classes. Memory and architecture from NVIDIA's data sheets, compute capabilities from the CUDA programming
 * guide, driver branches from the release notes of the data center driver, slices from the MIG user guide and the
 * default configuration of NVIDIA's mig-parted. Slices with media engines are left out: no engine here decodes video.
 */
export const CLASSES = {
  t4: { memory: '16 GB', architecture: 'turing', computeCapability: '7.5', minimumDriver: 418 },
  t4g: { memory: '16 GB', architecture: 'turing', computeCapability: '7.5', minimumDriver: 470 },
  l4: { memory: '24 GB', architecture: 'ada', computeCapability: '8.9', minimumDriver: 525 },
  l40s: { memory: '48 GB', architecture: 'ada', computeCapability: '8.9', minimumDriver: 535 },
  a10g: { memory: '24 GB', architecture: 'ampere', computeCapability: '8.6', minimumDriver: 470 },
  'a100-40gb': {
    memory: '40 GB',
    architecture: 'ampere',
    computeCapability: '8.0',
    minimumDriver: 450,
    mig: { '1g.5gb': 7, '1g.10gb': 4, '2g.10gb': 3, '3g.20gb': 2, '4g.20gb': 1, '7g.40gb': 1 },
  },
  'a100-80gb': {
    memory: '80 GB',
    architecture: 'ampere',
    computeCapability: '8.0',
    minimumDriver: 450,
    mig: { '1g.10gb': 7, '1g.20gb': 4, '2g.20gb': 3, '3g.40gb': 2, '4g.40gb': 1, '7g.80gb': 1 },
  },
  h100: {
    memory: '80 GB',
    architecture: 'hopper',
    computeCapability: '9.0',
    minimumDriver: 525,
    mig: { '1g.10gb': 7, '1g.20gb': 4, '2g.20gb': 3, '3g.40gb': 2, '4g.40gb': 1, '7g.80gb': 1 },
  },
  h200: {
    memory: '141 GB',
    architecture: 'hopper',
    computeCapability: '9.0',
    minimumDriver: 550,
    mig: { '1g.18gb': 7, '1g.35gb': 4, '2g.35gb': 3, '3g.71gb': 2, '4g.71gb': 1, '7g.141gb': 1 },
  },
  b200: {
    memory: '180 GB',
    architecture: 'blackwell',
    computeCapability: '10.0',
    minimumDriver: 570,
    mig: { '1g.23gb': 7, '1g.45gb': 4, '2g.45gb': 3, '3g.90gb': 2, '4g.90gb': 1, '7g.180gb': 1 },
  },
  b300: {
    // What the machines that are rented report; the data sheet of the bare module says 288.
    memory: '269 GB',
    architecture: 'blackwell',
    computeCapability: '10.3',
    minimumDriver: 580,
    mig: { '1g.34gb': 7, '1g.67gb': 4, '2g.67gb': 3, '3g.135gb': 2, '4g.135gb': 1, '7g.269gb': 1 },
  },
  'rtx-pro-6000': {
    memory: '96 GB',
    architecture: 'blackwell',
    computeCapability: '12.0',
    minimumDriver: 575,
    mig: { '1g.24gb': 4, '2g.48gb': 2, '4g.96gb': 1 },
  },
} as const satisfies Readonly<Record<string, ClassFacts>>;

/** A kind of GPU, as the clouds rent it. */
export type GpuClass = keyof typeof CLASSES;

/** Classes whose devices can be cut into slices of their own memory and compute. */
export type MigClass = { [C in GpuClass]: (typeof CLASSES)[C] extends { readonly mig: object } ? C : never }[GpuClass];

/** Slices that a device of a class can be cut into, e.g. `1g.10gb`. Never for a class that cannot be cut. */
export type MigProfile<C extends GpuClass = GpuClass> = C extends MigClass
  ? keyof (typeof CLASSES)[C]['mig'] & string
  : never;

export const GPU_CLASSES = Object.keys(CLASSES) as readonly GpuClass[];

export interface GpuFacts {
  readonly memory: Bytes;
  readonly architecture: (typeof CLASSES)[GpuClass]['architecture'];
  readonly computeCapability: (typeof CLASSES)[GpuClass]['computeCapability'];
  /** First branch of the NVIDIA data center driver that knows the device. */
  readonly minimumDriver: number;
}

/** Memory of one device. */
export const gpuMemory = (gpu: GpuClass): Bytes => Bytes.parse(CLASSES[gpu].memory);

export function gpuFacts(gpu: GpuClass): GpuFacts {
  const { architecture, computeCapability, minimumDriver } = CLASSES[gpu];
  return { memory: gpuMemory(gpu), architecture, computeCapability, minimumDriver };
}
