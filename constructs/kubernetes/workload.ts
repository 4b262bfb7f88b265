import type { ResolvedResources, Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { emit, type Override } from './api-object.ts';
import type { ImageReference } from './image.ts';
import { topologyAnnotations, workloadLabels } from './labels.ts';

/** What all workloads have in common for the one who deploys them. */
export interface Workload {
  readonly id: string;
  readonly name: string;
  readonly service: { readonly kind: string; readonly name: string };
  readonly resources: ResolvedResources;
}

/** How one workload of a topology is deployed. */
export interface WorkloadContext<W extends Workload> {
  readonly topology: Topology;
  readonly workload: W;
  readonly image: ImageReference;
  /** Annotations by which a cloud knows its account, e.g. `iam.gke.io/gcp-service-account`. @default - no cloud does */
  readonly account?: Readonly<Record<string, Binding<string>>>;
}

/** Metadata of every object of a workload; `suffix` tells several of one kind apart. */
export function metadataOf({ topology, workload }: WorkloadContext<Workload>, suffix = '') {
  return {
    name: `${workload.name}${suffix}`,
    labels: workloadLabels(topology, workload),
    annotations: topologyAnnotations(topology),
  };
}

/** Replicas that a rollout may add for a moment: one, so that a quota and a node can be sized for it. */
export const ROLLOUT_SURGE = 1;

/** A new pod has to be ready before an old one goes: a rollout that fails stops at the first pod, with all others up. */
export const ROLLOUT_STRATEGY = {
  type: 'RollingUpdate',
  rollingUpdate: { maxSurge: ROLLOUT_SURGE, maxUnavailable: 0 },
} as const;

/** The account of one workload and no other; nothing here calls the API server, so it gets no token. */
export function emitServiceAccount(
  scope: Construct,
  context: WorkloadContext<Workload>,
  override?: Override,
): ApiObject {
  const metadata = metadataOf(context);
  const known = Object.entries(context.account ?? {}).map(([annotation, value]) => [annotation, value.lower()]);
  const manifest = k8s.KubeServiceAccount.manifest({
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...Object.fromEntries(known) } },
    automountServiceAccountToken: false,
  });
  return emit(scope, 'service-account', manifest, override);
}
