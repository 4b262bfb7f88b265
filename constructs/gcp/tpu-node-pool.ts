import { container } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';
import { hardenedNode } from './node-config.ts';
import { type NodePurchase, nodePurchase } from './node-purchase.ts';
import type { PoolHost } from './pool-host.ts';
import { type PoolSize, poolName, poolSize } from './pool-size.ts';
import { type MultiHostSlice, type SingleHostSlice, type TpuGeneration, type TpuSlice, tpuSlice } from './tpu-slice.ts';

/** What a pod asks for to get chips, and the key of the taint on their nodes. */
export const TPU_RESOURCE = 'google.com/tpu';

/**
 * Slices of one node each, as many as the size says; or one slice of several nodes, which stand together in one zone and
 * are made and removed as one.
 */
export type TpuCapacity<G extends TpuGeneration> =
  | (SingleHostSlice<G> & {
      readonly zones: readonly [string, ...string[]];
      readonly size: PoolSize;
      readonly lives?: never;
    })
  | (MultiHostSlice<G> & {
      readonly zones: readonly [string];
      /** `always`: its nodes are there; `while-needed`: all of them come when a pod wants them, and go when none does. */
      readonly lives: 'always' | 'while-needed';
      readonly size?: never;
    });

export interface TpuNodePoolArgs<G extends TpuGeneration> {
  readonly cluster: PoolHost;
  readonly generation: G;
  readonly capacity: TpuCapacity<G>;
  readonly purchase: Exclude<NodePurchase, { readonly type: 'queued' }>;
  /** Network disk of a node, in GiB. @default 200 */
  readonly diskGib?: number;
  /** TPU machines of v6e take no other than `hyperdisk-balanced`. @default - by the generation */
  readonly diskType?: string;
}

/** Persistent disks cannot be attached to the machines of v6e. */
const DISK_TYPES = { v5e: 'pd-balanced', v5p: 'pd-balanced', v6e: 'hyperdisk-balanced' } as const satisfies Readonly<
  Record<TpuGeneration, string>
>;

/**
 * Nodes with TPU chips on GKE. A slice of several nodes is one pool, with the topology in its placement: the chips of its
 * nodes are wired to each other, so that one node more or less is another slice.
 */
export class TpuNodePool<G extends TpuGeneration = TpuGeneration> extends ComponentResource {
  readonly nodes: { readonly pool: container.NodePool };
  readonly name: Output<string>;
  /** What a pod selects (`accelerator`, `topology`) and asks for (`chipsPerNode` of `google.com/tpu`). */
  readonly slice: TpuSlice;

  /**
   * @throws {ConstructError} `machine-unfit` for a machine or a topology that the generation does not have,
   * `settings-contradict` or `window-too-long` for a size, zones or a time that do not fit
   */
  constructor(name: string, args: TpuNodePoolArgs<G>, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:TpuNodePool', name, {}, options);
    const { cluster, generation, purchase } = args;
    const capacity = args.capacity as TpuCapacity<TpuGeneration>;
    const slice = tpuSlice(`${name}.capacity`, generation, capacity);
    const bought = nodePurchase(name, purchase);
    const size = sizeOf(name, capacity, slice);
    const zones: readonly string[] = capacity.zones;
    const diskType = args.diskType ?? DISK_TYPES[generation];
    const fixed = { purchase: purchase.type, machine: slice.machine, topology: slice.topology, zones, diskType };
    const pool = new container.NodePool(
      name,
      {
        name: poolName(name, fixed),
        cluster: cluster.name,
        location: cluster.location,
        nodeLocations: [...zones],
        ...size,
        management: { autoRepair: purchase.type !== 'flex-start', autoUpgrade: true },
        // A slice has no spare node, and half of one computes nothing.
        upgradeSettings: { strategy: 'SURGE', maxSurge: 0, maxUnavailable: 1 },
        networkConfig: { enablePrivateNodes: true },
        ...(slice.nodes > 1 ? { placementPolicy: { type: 'COMPACT', tpuTopology: slice.topology } } : {}),
        nodeConfig: {
          ...hardenedNode(cluster.node),
          machineType: slice.machine,
          diskSizeGb: args.diskGib ?? 200,
          diskType,
          ...bought,
          // GKE sets it, except on the first pool of a cluster: what has no chip to use then lands here.
          taints: [{ key: TPU_RESOURCE, value: 'present', effect: 'NO_SCHEDULE' }],
        },
      },
      {
        parent: this,
        dependsOn: [...(cluster.before ?? [])],
        // What the autoscaler has made of it since.
        ignoreChanges: 'nodeCount' in size ? [] : ['initialNodeCount'],
      },
    );
    this.nodes = { pool };
    this.name = pool.name;
    this.slice = slice;
    this.registerOutputs({ name: this.name });
  }
}

function sizeOf(path: string, capacity: TpuCapacity<TpuGeneration>, slice: TpuSlice) {
  if (slice.nodes === 1) {
    if (capacity.size !== undefined) return poolSize(path, capacity.size);
    throw contradict(path, `a slice of ${slice.topology} is one node, expected a size and no life of its own`);
  }
  const zones: readonly string[] = capacity.zones;
  if (capacity.lives === undefined)
    throw contradict(path, `a slice of ${slice.topology} is ${slice.nodes} nodes, expected none as a size`);
  if (zones.length !== 1)
    throw contradict(`${path}.zones`, `received ${zones.join(', ')}, expected the one zone that all nodes stand in`);
  return capacity.lives === 'always' ? { nodeCount: slice.nodes } : poolSize(path, { max: slice.nodes });
}

const contradict = (path: string, rule: string): ConstructError =>
  new ConstructError('settings-contradict', path, rule);
