import type { DurationInput, GkeGpuMachine, GkeOnDemandMachine, GpuClass } from '@penstock/model';
import type { Input } from '@pulumi/pulumi';
import type { PoolSize } from './pool-size.ts';

/** Classes whose machines take a compact placement of nodes that come by flex-start. */
type CompactFlexClass = 'h200' | 'b200';

/** Where the nodes are. Machines that stand close to each other stand in one zone. */
type Placement =
  | { readonly zones: readonly [string]; readonly compact: true }
  | { readonly zones: readonly [string, ...string[]]; readonly compact?: false };

type Spread = Extract<Placement, { readonly compact?: false }>;

/** How nodes are replaced when their version changes. Blue-green needs the whole pool twice, and no compact placement. */
export type PoolUpgrade = SurgeUpgrade | { readonly strategy: 'blue-green' };

interface SurgeUpgrade {
  readonly strategy: 'surge';
  /** Nodes that come before others go. */
  readonly maxSurge: number;
  /** Nodes that go before others come. */
  readonly maxUnavailable: number;
}

/** What machines with GPUs that are bought one way can be asked for. */
type Placed =
  | (Spread & {
      /** @default - one node at a time goes before the next one comes: there is rarely a spare machine */
      readonly upgrade?: PoolUpgrade;
    })
  | (Extract<Placement, { readonly compact: true }> & {
      /** @default - one node at a time goes before the next one comes: there is rarely a spare machine */
      readonly upgrade?: SurgeUpgrade;
    });

/**
 * How the machines are bought: exactly one way, with what goes with it. What GKE refuses together is no type here: a
 * reservation with Spot, a minimum with queued requests, a fixed count with flex-start.
 */
export type GpuCapacity<C extends GpuClass> =
  | OnDemand<C>
  | (Placed & {
      /** One reservation, by its name: what is reserved elsewhere is not taken. */
      readonly type: 'reserved';
      readonly machine: GkeGpuMachine<C>;
      readonly reservation: Input<string>;
      readonly size: PoolSize;
    })
  | (Spread & {
      /** Cheaper, and taken back within half a minute. */
      readonly type: 'spot';
      readonly machine: GkeGpuMachine<C>;
      readonly size: PoolSize;
      readonly upgrade?: PoolUpgrade;
    })
  | ((C extends CompactFlexClass ? Placement : Spread) & {
      /** Whenever there is one, for up to seven days; then it goes, whatever runs. */
      readonly type: 'flex-start';
      readonly machine: GkeGpuMachine<C>;
      readonly size: { readonly max: number };
      /** @default '168 hours' */
      readonly runsFor?: DurationInput;
    })
  | (Spread & {
      /** All nodes of one request at once, as soon as there are as many (`ProvisioningRequest`). */
      readonly type: 'queued';
      readonly machine: GkeGpuMachine<C>;
      readonly size: { readonly max: number };
    });

/** Classes that are sold by reservation alone have no such variant. */
type OnDemand<C extends GpuClass> = [GkeOnDemandMachine<C>] extends [never]
  ? never
  : Placed & {
      readonly type: 'on-demand';
      readonly machine: GkeOnDemandMachine<C>;
      readonly size: PoolSize;
    };
