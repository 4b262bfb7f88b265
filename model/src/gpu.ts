import { Bytes } from './units.ts';

/** Device classes the model can size for; memory as the vendor states it. */
const MEMORY = {
  l4: Bytes.parse('24 GB'),
  a10g: Bytes.parse('24 GB'),
  'a100-40gb': Bytes.parse('40 GB'),
  'a100-80gb': Bytes.parse('80 GB'),
  h100: Bytes.parse('80 GB'),
  h200: Bytes.parse('141 GB'),
} as const;

export type GpuClass = keyof typeof MEMORY;

export const GPU_CLASSES = Object.keys(MEMORY) as readonly GpuClass[];

export const gpuMemory = (gpu: GpuClass): Bytes => MEMORY[gpu];
