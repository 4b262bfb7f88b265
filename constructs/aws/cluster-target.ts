import type { IConstruct } from 'constructs';
import type { ClusterNetwork } from './cluster-network.ts';

/** A cluster that machines and identities are added to: an `EksCluster`, or one that is there already, by its name. */
export interface ClusterTarget<Mode extends 'nodes' | 'auto' = 'nodes' | 'auto'> {
  readonly name: string;
  readonly mode: Mode;
  readonly network: ClusterNetwork;
  /** What has to be deployed before anything joins. @default - nothing: the cluster is there */
  readonly prerequisites?: readonly IConstruct[];
}
