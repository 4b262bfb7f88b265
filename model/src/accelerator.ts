import {
  GPU_CLASSES,
  GPU_RESOURCE,
  type GpuClass,
  gpuMemory,
  type MigClass,
  type MigProfile,
  type MigSlice,
  migSlices,
} from './gpu.ts';
import type { SpecReader } from './spec-reader.ts';
import { Bytes } from './units.ts';

/** One replica has whole devices to itself, on one node or on several. */
export interface WholeGpus<G extends GpuClass = GpuClass> {
  readonly gpu: G;
  /** Devices of one replica on each of its nodes. @default 1 */
  readonly devices?: number;
  /** Nodes of one replica. @default 1 */
  readonly nodes?: number;
}

/** Several replicas take turns on one device. Nothing keeps one from the memory or the time of another. */
export interface SharedGpu<G extends GpuClass = GpuClass> {
  readonly gpu: G;
  /** Replicas on one device. */
  readonly sharedBy: number;
  /** A replica takes its turns on one device only. */
  readonly devices?: never;
}

/** One replica has one slice of a device, with memory and compute of its own. */
export type MigGpu = { [G in MigClass]: { readonly gpu: G; readonly mig: MigProfile<G> } }[MigClass];

/** What a replica computes on: a class means one whole device. */
export type AcceleratorSpec = 'cpu' | GpuClass | WholeGpus | SharedGpu | MigGpu;

/** What one replica has of GPUs. */
export interface GpuShare {
  readonly gpu: GpuClass;
  /** Devices on each of its nodes. */
  readonly devices: number;
  readonly nodes: number;
  /** Replicas on one device; 1 where it has it, or its slice, to itself. */
  readonly sharedBy: number;
  /** The slice it has instead of a device. */
  readonly mig: MigProfile | undefined;
  /** What a pod asks for, once for each device or slice: the nodes of both clouds count slices as devices. */
  readonly resource: typeof GPU_RESOURCE;
  /** Device memory that the process may fill, over all devices and nodes. */
  readonly memory: Bytes;
  /** Over which the processes of several devices talk on one node; part of the memory of the pod. */
  readonly sharedMemory: Bytes | undefined;
}

export type ResolvedAccelerator = 'cpu' | GpuShare;

/**
 * Share of a device that a server may fill. The rest is the driver's context and what allocators cannot use; servers of
 * language models take their share at the start whatever they need (vLLM's `--gpu-memory-utilization`).
 */
export const GPU_MEMORY_SHARE = 0.9;

/** NCCL's buffers between the processes of one node, for each of its devices; Docker's 64 MB end the first broadcast. */
const SHARED_MEMORY_PER_DEVICE = Bytes.parse('2 GiB');

/** Devices of one node at most, on every machine that the clouds rent. */
const MOST_DEVICES = 16;

export function readAccelerator(reader: SpecReader): ResolvedAccelerator | undefined {
  const written = reader.raw('accelerator');
  if (written === undefined || typeof written === 'string') {
    const choice = reader.choiceOr('accelerator', ['cpu', ...GPU_CLASSES], 'cpu');
    return choice === undefined || choice === 'cpu' ? choice : whole(choice, 1, 1);
  }
  const inner = reader.inner('accelerator', 'required');
  const gpu = inner.choice('gpu', GPU_CLASSES);
  if (inner.raw('sharedBy') !== undefined) {
    const facts = inner.complete<{ gpu: GpuClass; sharedBy: number }>({ gpu, sharedBy: inner.count('sharedBy', 2) });
    return facts === undefined ? undefined : shared(facts.gpu, facts.sharedBy);
  }
  if (inner.raw('mig') !== undefined) {
    const slices = gpu === undefined ? [] : migSlices(gpu);
    const profile = inner.choice(
      'mig',
      slices.map((slice) => slice.profile),
    );
    const slice = slices.find((each) => each.profile === profile);
    const facts = inner.complete<{ gpu: GpuClass; slice: MigSlice }>({ gpu, slice });
    return facts === undefined ? undefined : sliced(facts.gpu, facts.slice);
  }
  const facts = inner.complete<{ gpu: GpuClass; devices: number; nodes: number }>({
    gpu,
    devices: inner.countOr('devices', 1, 1, MOST_DEVICES),
    nodes: inner.countOr('nodes', 1),
  });
  return facts === undefined ? undefined : whole(facts.gpu, facts.devices, facts.nodes);
}

const whole = (gpu: GpuClass, devices: number, nodes: number): GpuShare => ({
  gpu,
  devices,
  nodes,
  sharedBy: 1,
  mig: undefined,
  resource: GPU_RESOURCE,
  memory: gpuMemory(gpu)
    .times(devices * nodes)
    .times(GPU_MEMORY_SHARE),
  sharedMemory: devices * nodes > 1 ? SHARED_MEMORY_PER_DEVICE.times(devices) : undefined,
});

const shared = (gpu: GpuClass, sharedBy: number): GpuShare => ({
  ...whole(gpu, 1, 1),
  sharedBy,
  memory: gpuMemory(gpu).times(GPU_MEMORY_SHARE / sharedBy),
});

const sliced = (gpu: GpuClass, { profile, memory }: MigSlice): GpuShare => ({
  ...whole(gpu, 1, 1),
  mig: profile,
  memory: memory.times(GPU_MEMORY_SHARE),
});

/** For people, e.g. `cpu`, `h100`, `8 h100 on each of 2 nodes`, `l4 shared by 4`, `1g.10gb of h100`. */
export function describeAccelerator(accelerator: ResolvedAccelerator): string {
  if (accelerator === 'cpu') return 'cpu';
  const { gpu, devices, nodes, sharedBy, mig } = accelerator;
  if (mig !== undefined) return `${mig} of ${gpu}`;
  if (sharedBy > 1) return `${gpu} shared by ${sharedBy}`;
  const onOne = devices === 1 ? gpu : `${devices} ${gpu}`;
  return nodes === 1 ? onOne : `${onOne} on each of ${nodes} nodes`;
}
