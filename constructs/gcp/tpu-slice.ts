import { ConstructError } from '../errors.ts';

interface TpuMachineFacts {
  /** Chips of one node. */
  readonly chips: number;
  /** Slices of one node, each by itself. */
  readonly single: readonly string[];
  /** Slices of several nodes that are made, and go, together. */
  readonly multi: readonly string[];
}

/**
 * TPU generations of GKE, from "Plan TPUs in GKE" (kubernetes-engine/docs/concepts/plan-tpus): the machines of each, and the
 * topologies that each machine forms. Of v5p the page allows any three multiples of four up to 6144 chips; here are those
 * up to 1024. The label of a node carries `accelerator` as `cloud.google.com/gke-tpu-accelerator`.
 */
export const TPU_GENERATIONS = {
  v5e: {
    accelerator: 'tpu-v5-lite-podslice',
    machines: {
      'ct5lp-hightpu-1t': { chips: 1, single: ['1x1'], multi: [] },
      'ct5lp-hightpu-4t': { chips: 4, single: ['2x2'], multi: ['2x4', '4x4', '4x8', '8x8', '8x16', '16x16'] },
      'ct5lp-hightpu-8t': { chips: 8, single: ['2x4'], multi: [] },
    },
  },
  v5p: {
    accelerator: 'tpu-v5p-slice',
    machines: {
      'ct5p-hightpu-4t': {
        chips: 4,
        single: ['2x2x1'],
        multi: [
          ...(['2x2x2', '2x2x4', '2x4x4', '4x4x4', '4x4x8', '4x4x12', '4x8x8', '4x8x12', '8x8x8'] as const),
          ...(['8x8x12', '8x8x16'] as const),
        ],
      },
    },
  },
  v6e: {
    accelerator: 'tpu-v6e-slice',
    machines: {
      'ct6e-standard-1t': { chips: 1, single: ['1x1'], multi: [] },
      'ct6e-standard-4t': { chips: 4, single: ['2x2'], multi: ['2x4', '4x4', '4x8', '8x8', '8x16', '16x16'] },
      'ct6e-standard-8t': { chips: 8, single: ['2x4'], multi: [] },
    },
  },
} as const satisfies Readonly<
  Record<string, { readonly accelerator: string; readonly machines: Readonly<Record<`ct${string}`, TpuMachineFacts>> }>
>;

type Generations = typeof TPU_GENERATIONS;

export type TpuGeneration = keyof Generations;

type MachinesOf<G extends TpuGeneration> = Generations[G]['machines'];

/** A slice of one node, e.g. `ct6e-standard-4t` and `2x2`: a pool has as many as are wanted. */
export type SingleHostSlice<G extends TpuGeneration> = {
  [T in TpuGeneration]: T extends G
    ? { [M in keyof MachinesOf<T>]: Pair<M, Member<MachinesOf<T>[M], 'single'>> }[keyof MachinesOf<T>]
    : never;
}[TpuGeneration];

/** A slice of several nodes, e.g. `ct6e-standard-4t` and `4x4`: a pool is one of them. */
export type MultiHostSlice<G extends TpuGeneration> = {
  [T in TpuGeneration]: T extends G
    ? { [M in keyof MachinesOf<T>]: Pair<M, Member<MachinesOf<T>[M], 'multi'>> }[keyof MachinesOf<T>]
    : never;
}[TpuGeneration];

type Member<F, K extends 'single' | 'multi'> = F extends Readonly<Record<K, readonly (infer T)[]>> ? T : never;

type Pair<M, T> = [T] extends [never] ? never : { readonly machine: M; readonly topology: T };

/** What a generation, a machine and a topology come to. */
export interface TpuSlice {
  readonly accelerator: Generations[TpuGeneration]['accelerator'];
  readonly machine: string;
  readonly topology: string;
  readonly chipsPerNode: number;
  /** Nodes of one slice; more than one are made together or not at all. */
  readonly nodes: number;
}

/** @throws {ConstructError} `machine-unfit` for a machine or a topology that the generation does not have */
export function tpuSlice(
  path: string,
  generation: TpuGeneration,
  { machine, topology }: { readonly machine: string; readonly topology: string },
): TpuSlice {
  const { accelerator, machines } = TPU_GENERATIONS[generation];
  const facts = (machines as Readonly<Record<string, TpuMachineFacts>>)[machine];
  if (facts === undefined)
    throw unfit(path, `received ${machine} for ${generation}, expected ${Object.keys(machines).join(', ')}`);
  if (![...facts.single, ...facts.multi].includes(topology))
    throw unfit(path, `${machine} forms ${[...facts.single, ...facts.multi].join(', ')}, received ${topology}`);
  const chips = topology.split('x').reduce((product, side) => product * Number(side), 1);
  return { accelerator, machine, topology, chipsPerNode: facts.chips, nodes: chips / facts.chips };
}

const unfit = (path: string, message: string): ConstructError => new ConstructError('machine-unfit', path, message);
