import type { Input, Resource } from '@pulumi/pulumi';
import type { NodeIdentity } from './node-config.ts';

/** What a pool of nodes has to know of its cluster: a `GkeCluster` is one, and so is any that somebody made elsewhere. */
export interface PoolHost {
  readonly name: Input<string>;
  /** Region, or the zone of a zonal cluster. */
  readonly location: Input<string>;
  /** Who its nodes are, and the key of their disks. */
  readonly node: NodeIdentity;
  /** What has to be there before a node: the cluster, and whatever lets its nodes use the key. @default - nothing more */
  readonly before?: readonly Resource[];
}
