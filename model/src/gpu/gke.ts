import type { BytesText } from '../units.ts';
import type { GpuClass } from './classes.ts';
import type { PriceList } from './price.ts';

interface SeriesFacts {
  readonly gpu: GpuClass;
  /** Name of the device for Compute Engine and GKE: `guestAccelerators.type`, label `cloud.google.com/gke-accelerator`. */
  readonly accelerator: string;
  /** Name of the device for Vertex AI: `machineSpec.acceleratorType`. */
  readonly vertex: string;
  /** The local SSDs are part of the machine: their number is not chosen. */
  readonly ssdsBundled?: true;
  /** Sold as Spot, flex-start and reservations only. */
  readonly reservedOnly?: true;
  readonly machines: Readonly<Record<string, GkeSize>>;
}

export interface GkeSize {
  readonly gpus: number;
  readonly vcpus: number;
  readonly memory: BytesText;
  /** Local SSDs of 375 GiB: all that the machine has, or the fewest that it takes. */
  readonly ssds: number;
  readonly reservedOnly?: true;
  /** List price of an hour on demand, without local SSDs where these are not bundled; left out: none was read. */
  readonly usd?: number;
}

export const GKE_PRICES: PriceList = {
  region: 'europe-west4',
  asOf: '2026-08-20',
  source: 'Cloud Billing Catalog, as the google-cloud-pricing-cost-calculator of Cyclenerd carries it',
};

/**
 * Machine series of Google Cloud with NVIDIA devices, from the machine pages of Compute Engine; names for Vertex AI from
 * its enumeration `AcceleratorType`. N1 takes its devices separately, so that each size is here with one number of them.
 * Whole racks (A4X) are left out.
 */
export const GKE_SERIES = {
  'n1-standard': {
    gpu: 't4',
    accelerator: 'nvidia-tesla-t4',
    vertex: 'NVIDIA_TESLA_T4',
    machines: {
      'n1-standard-4': { gpus: 1, vcpus: 4, memory: '15 GiB', ssds: 1 },
      'n1-standard-8': { gpus: 1, vcpus: 8, memory: '30 GiB', ssds: 1 },
      'n1-standard-16': { gpus: 2, vcpus: 16, memory: '60 GiB', ssds: 1 },
      'n1-standard-32': { gpus: 4, vcpus: 32, memory: '120 GiB', ssds: 1 },
    },
  },
  'g2-standard': {
    gpu: 'l4',
    accelerator: 'nvidia-l4',
    vertex: 'NVIDIA_L4',
    machines: {
      'g2-standard-4': { gpus: 1, vcpus: 4, memory: '16 GiB', ssds: 1, usd: 0.742916 },
      'g2-standard-8': { gpus: 1, vcpus: 8, memory: '32 GiB', ssds: 1, usd: 0.897202 },
      'g2-standard-12': { gpus: 1, vcpus: 12, memory: '48 GiB', ssds: 1, usd: 1.051488 },
      'g2-standard-16': { gpus: 1, vcpus: 16, memory: '64 GiB', ssds: 1, usd: 1.205773 },
      'g2-standard-24': { gpus: 2, vcpus: 24, memory: '96 GiB', ssds: 2, usd: 2.102975 },
      'g2-standard-32': { gpus: 1, vcpus: 32, memory: '128 GiB', ssds: 1, usd: 1.822916 },
      'g2-standard-48': { gpus: 4, vcpus: 48, memory: '192 GiB', ssds: 4, usd: 4.20595 },
      'g2-standard-96': { gpus: 8, vcpus: 96, memory: '384 GiB', ssds: 8 },
    },
  },
  'g4-standard': {
    gpu: 'rtx-pro-6000',
    accelerator: 'nvidia-rtx-pro-6000',
    vertex: 'NVIDIA_RTX_PRO_6000',
    machines: {
      'g4-standard-48': { gpus: 1, vcpus: 48, memory: '180 GiB', ssds: 4 },
      'g4-standard-96': { gpus: 2, vcpus: 96, memory: '360 GiB', ssds: 8 },
      'g4-standard-192': { gpus: 4, vcpus: 192, memory: '720 GiB', ssds: 16 },
      'g4-standard-384': { gpus: 8, vcpus: 384, memory: '1440 GiB', ssds: 32 },
    },
  },
  'a2-highgpu': {
    gpu: 'a100-40gb',
    accelerator: 'nvidia-tesla-a100',
    vertex: 'NVIDIA_TESLA_A100',
    machines: {
      'a2-highgpu-1g': { gpus: 1, vcpus: 12, memory: '85 GiB', ssds: 1, usd: 3.747972 },
      'a2-highgpu-2g': { gpus: 2, vcpus: 24, memory: '170 GiB', ssds: 2, usd: 7.495944 },
      'a2-highgpu-4g': { gpus: 4, vcpus: 48, memory: '340 GiB', ssds: 4 },
      'a2-highgpu-8g': { gpus: 8, vcpus: 96, memory: '680 GiB', ssds: 8 },
      'a2-megagpu-16g': { gpus: 16, vcpus: 96, memory: '1360 GiB', ssds: 8 },
    },
  },
  'a2-ultragpu': {
    gpu: 'a100-80gb',
    accelerator: 'nvidia-a100-80gb',
    vertex: 'NVIDIA_A100_80GB',
    ssdsBundled: true,
    machines: {
      'a2-ultragpu-1g': { gpus: 1, vcpus: 12, memory: '170 GiB', ssds: 1 },
      'a2-ultragpu-2g': { gpus: 2, vcpus: 24, memory: '340 GiB', ssds: 2 },
      'a2-ultragpu-4g': { gpus: 4, vcpus: 48, memory: '680 GiB', ssds: 4 },
      'a2-ultragpu-8g': { gpus: 8, vcpus: 96, memory: '1360 GiB', ssds: 8 },
    },
  },
  'a3-highgpu': {
    gpu: 'h100',
    accelerator: 'nvidia-h100-80gb',
    vertex: 'NVIDIA_H100_80GB',
    ssdsBundled: true,
    machines: {
      'a3-highgpu-1g': { gpus: 1, vcpus: 26, memory: '234 GiB', ssds: 2, reservedOnly: true },
      'a3-highgpu-2g': { gpus: 2, vcpus: 52, memory: '468 GiB', ssds: 4, reservedOnly: true },
      'a3-highgpu-4g': { gpus: 4, vcpus: 104, memory: '936 GiB', ssds: 8, reservedOnly: true },
      'a3-highgpu-8g': { gpus: 8, vcpus: 208, memory: '1872 GiB', ssds: 16 },
    },
  },
  'a3-megagpu': {
    gpu: 'h100',
    accelerator: 'nvidia-h100-mega-80gb',
    vertex: 'NVIDIA_H100_MEGA_80GB',
    ssdsBundled: true,
    machines: { 'a3-megagpu-8g': { gpus: 8, vcpus: 208, memory: '1872 GiB', ssds: 16 } },
  },
  'a3-ultragpu': {
    gpu: 'h200',
    accelerator: 'nvidia-h200-141gb',
    vertex: 'NVIDIA_H200_141GB',
    ssdsBundled: true,
    reservedOnly: true,
    machines: { 'a3-ultragpu-8g': { gpus: 8, vcpus: 224, memory: '2952 GiB', ssds: 32 } },
  },
  'a4-highgpu': {
    gpu: 'b200',
    accelerator: 'nvidia-b200',
    vertex: 'NVIDIA_B200',
    ssdsBundled: true,
    reservedOnly: true,
    machines: { 'a4-highgpu-8g': { gpus: 8, vcpus: 224, memory: '3968 GiB', ssds: 32 } },
  },
} as const satisfies Readonly<Record<string, SeriesFacts>>;

type Series = typeof GKE_SERIES;

export type GkeGpuSeries = keyof Series;

/** Machine types of Google Cloud with devices of a class, e.g. `a3-highgpu-8g`. */
export type GkeGpuMachine<C extends GpuClass = GpuClass> = {
  [S in GkeGpuSeries]: Series[S]['gpu'] extends C ? keyof Series[S]['machines'] & string : never;
}[GkeGpuSeries];

/** Those of them that are sold by the hour, without a reservation and without being taken back. */
export type GkeOnDemandMachine<C extends GpuClass = GpuClass> = {
  [S in GkeGpuSeries]: Series[S] extends { readonly reservedOnly: true }
    ? never
    : Series[S]['gpu'] extends C
      ? HourlyOf<Series[S]['machines']>
      : never;
}[GkeGpuSeries];

type HourlyOf<M> = { [N in keyof M & string]: M[N] extends { readonly reservedOnly: true } ? never : N }[keyof M &
  string];

export type GkeAccelerator = Series[GkeGpuSeries]['accelerator'];
export type VertexAccelerator = Series[GkeGpuSeries]['vertex'];
