import type { Construct } from 'constructs';
import { emit, emitForCluster, type Override } from '../api-object.ts';
import type { ClusterResource, NodeTaint } from './karpenter.ts';

/** The fields of a Kueue ResourceFlavor that we emit. */
export interface ResourceFlavorSpec {
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** What a workload has to tolerate by itself before it gets this flavor. */
  readonly nodeTaints: readonly NodeTaint[];
}

/** The fields of a Kueue ClusterQueue that we emit. */
export interface ClusterQueueSpec {
  readonly namespaceSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly queueingStrategy: 'BestEffortFIFO' | 'StrictFIFO';
  /** @default - it shares with nobody */
  readonly cohortName?: string;
  readonly preemption: {
    readonly withinClusterQueue: 'Never' | 'LowerPriority' | 'LowerOrNewerEqualPriority';
    readonly reclaimWithinCohort: 'Never' | 'LowerPriority' | 'Any';
    readonly borrowWithinCohort: { readonly policy: 'Never' };
  };
  readonly resourceGroups: readonly {
    readonly coveredResources: readonly string[];
    readonly flavors: readonly { readonly name: string; readonly resources: readonly FlavorQuota[] }[];
  }[];
}

export interface FlavorQuota {
  readonly name: string;
  readonly nominalQuota: string;
  /** @default - whatever is free in the cohort */
  readonly borrowingLimit?: string;
  /** @default - whatever is free here */
  readonly lendingLimit?: string;
}

export interface LocalQueueSpec {
  readonly clusterQueue: string;
}

const API = 'kueue.x-k8s.io/v1beta2';

export const resourceFlavor = (
  scope: Construct,
  id: string,
  props: ClusterResource<ResourceFlavorSpec>,
  override?: Override,
) => emitForCluster(scope, id, { apiVersion: API, kind: 'ResourceFlavor', ...props }, override);

export const clusterQueue = (
  scope: Construct,
  id: string,
  props: ClusterResource<ClusterQueueSpec>,
  override?: Override,
) => emitForCluster(scope, id, { apiVersion: API, kind: 'ClusterQueue', ...props }, override);

export const localQueue = (scope: Construct, id: string, props: ClusterResource<LocalQueueSpec>, override?: Override) =>
  emit(scope, id, { apiVersion: API, kind: 'LocalQueue', ...props }, override);
