import {
  type GkeMachine,
  GPU_TAINT,
  type GpuClass,
  type GpuSharing,
  gpuLabels,
  type MigClass,
  type MigSharing,
  machineFor,
  type TimeSlicing,
} from '@penstock/model';
import { container, type types } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';
import type { GpuCapacity, PoolUpgrade } from './gpu-capacity.ts';
import { hardenedNode } from './node-config.ts';
import { nodePurchase } from './node-purchase.ts';
import type { PoolHost } from './pool-host.ts';
import { poolName, poolSize } from './pool-size.ts';

export interface GpuNodePoolArgs<C extends GpuClass> {
  readonly cluster: PoolHost;
  readonly gpu: C;
  readonly capacity: GpuCapacity<C>;
  /** `default`: what Google has tried longest with this version of GKE; `latest`: what new devices need. @default 'default' */
  readonly driver?: 'default' | 'latest';
  /** @default - a pod has its devices to itself */
  readonly sharing?: TimeSlicing | (C extends MigClass ? MigSharing<C> : never);
  /** What the local SSDs are: scratch space and images of pods, or raw disks. @default 'ephemeral-storage' */
  readonly localDisks?: 'ephemeral-storage' | 'raw-block' | 'none';
  /** Network disk of a node, in GiB. @default 200 */
  readonly diskGib?: number;
  /** Disks with images or weights on them, which a node starts with. @default - none */
  readonly imageCaches?: readonly string[];
}

/** GKE lets so many pods at most take turns on one device. */
const MOST_CLIENTS = 48;

/**
 * Nodes of one GPU class on GKE. The name of the pool ends in a fingerprint of whatever GKE cannot change about one that
 * is there, the version of the driver among it. Such a change is another name: Pulumi makes the new pool first and takes
 * the old one away after it, where a pool of the same name would first have to go. The provider sees nothing to replace
 * in a new driver version, and fails at the API.
 */
export class GpuNodePool<C extends GpuClass = GpuClass> extends ComponentResource {
  readonly nodes: { readonly pool: container.NodePool };
  readonly name: Output<string>;
  readonly machine: GkeMachine;

  /**
   * @throws {ConstructError} `settings-contradict` or `machine-unfit`, with the rule that is broken, for what the types do
   * not see
   * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
   */
  constructor(name: string, args: GpuNodePoolArgs<C>, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:GpuNodePool', name, {}, options);
    const capacity = args.capacity as GpuCapacity<GpuClass>;
    const sharing = args.sharing as GpuSharing | undefined;
    const { cluster, gpu } = args;
    const machine = machineFor('gke', capacity.machine as never, gpu);
    const accelerator = acceleratorOf(name, machine, args.driver ?? 'default', sharing);
    const disks = localDisksOf(name, machine, args.localDisks ?? 'ephemeral-storage');
    const bought = purchaseOf(name, capacity, machine);
    const size = poolSize(name, capacity.size);
    const compact = compactOf(name, capacity);
    const upgrade = upgradeOf(name, 'upgrade' in capacity ? capacity.upgrade : undefined);

    const fixed = { type: capacity.type, machine: machine.name, accelerator, disks, compact, zones: capacity.zones };
    const pool = new container.NodePool(
      name,
      {
        name: poolName(name, fixed),
        cluster: cluster.name,
        location: cluster.location,
        nodeLocations: [...capacity.zones],
        ...size,
        management: { autoRepair: capacity.type !== 'flex-start', autoUpgrade: true },
        upgradeSettings: upgrade,
        networkConfig: { enablePrivateNodes: true },
        ...(compact ? { placementPolicy: { type: 'COMPACT' } } : {}),
        ...(capacity.type === 'queued' ? { queuedProvisioning: { enabled: true } } : {}),
        nodeConfig: {
          ...hardenedNode(cluster.node),
          machineType: machine.name,
          diskSizeGb: args.diskGib ?? 200,
          guestAccelerators: [accelerator],
          ...disks,
          ...bought,
          labels: gpuLabels(gpu, sharing),
          // GKE sets it, except on the first pool of a cluster: what has no GPU to do then lands here.
          taints: [{ key: GPU_TAINT.key, value: GPU_TAINT.value, effect: 'NO_SCHEDULE' }],
          secondaryBootDisks: (args.imageCaches ?? []).map((diskImage) => ({
            diskImage,
            mode: 'CONTAINER_IMAGE_CACHE',
          })),
        },
      },
      {
        parent: this,
        dependsOn: [...(cluster.before ?? [])],
        // What the autoscaler has made of it since.
        ignoreChanges: capacity.size.max === undefined ? [] : ['initialNodeCount'],
      },
    );
    this.nodes = { pool };
    this.name = pool.name;
    this.machine = machine;
    this.registerOutputs({ name: this.name });
  }
}

const contradict = (path: string, rule: string): ConstructError =>
  new ConstructError('settings-contradict', path, rule);

function acceleratorOf(
  path: string,
  machine: GkeMachine,
  driver: 'default' | 'latest',
  sharing: GpuSharing | undefined,
): types.input.container.NodePoolNodeConfigGuestAccelerator {
  if (sharing?.kind === 'time-slicing' && !(sharing.clients >= 2 && sharing.clients <= MOST_CLIENTS))
    throw contradict(`${path}.sharing`, `received ${sharing.clients} clients, expected 2 to ${MOST_CLIENTS}`);
  return {
    type: machine.accelerator,
    count: machine.gpus,
    gpuDriverInstallationConfig: { gpuDriverVersion: driver === 'latest' ? 'LATEST' : 'DEFAULT' },
    ...(sharing?.kind === 'mig' ? { gpuPartitionSize: sharing.profile } : {}),
    ...(sharing?.kind === 'time-slicing'
      ? { gpuSharingConfig: { gpuSharingStrategy: 'TIME_SHARING', maxSharedClientsPerGpu: sharing.clients } }
      : {}),
  };
}

/** One or the other: a disk is a file system of the node or a device of a pod. */
function localDisksOf(path: string, machine: GkeMachine, use: 'ephemeral-storage' | 'raw-block' | 'none') {
  const localSsdCount = machine.localSsds;
  if (use === 'ephemeral-storage') return { ephemeralStorageLocalSsdConfig: { localSsdCount } };
  if (use === 'raw-block') return { localNvmeSsdBlockConfig: { localSsdCount } };
  if (machine.localSsdsBundled)
    throw new ConstructError(
      'machine-unfit',
      `${path}.localDisks`,
      `${machine.name} comes with ${localSsdCount} local SSDs, expected ephemeral-storage or raw-block`,
    );
  return {};
}

/** What nobody sells by the hour is refused here; the rest is the same for every kind of node. */
function purchaseOf(path: string, capacity: GpuCapacity<GpuClass>, machine: GkeMachine) {
  if (capacity.type === 'on-demand' && !machine.onDemand)
    throw new ConstructError(
      'machine-unfit',
      `${path}.capacity`,
      `${machine.name} is not sold on demand, expected reserved, spot or flex-start`,
    );
  return nodePurchase(path, capacity);
}

function compactOf(path: string, { compact = false, zones }: GpuCapacity<GpuClass>): boolean {
  const places: readonly string[] = zones;
  if (compact && places.length !== 1)
    throw contradict(`${path}.zones`, `received ${places.join(', ')}, expected one zone for compact placement`);
  return compact;
}

function upgradeOf(path: string, upgrade: PoolUpgrade | undefined) {
  if (upgrade?.strategy === 'blue-green') return { strategy: 'BLUE_GREEN' };
  const { maxSurge, maxUnavailable } = upgrade ?? { maxSurge: 0, maxUnavailable: 1 };
  if (maxSurge + maxUnavailable < 1)
    throw contradict(
      `${path}.upgrade`,
      'maxSurge and maxUnavailable are both 0, expected one node to be replaced at once',
    );
  return { strategy: 'SURGE', maxSurge, maxUnavailable };
}
