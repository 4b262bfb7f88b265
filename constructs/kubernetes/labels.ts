import type { Topology } from '@penstock/model';

/** The name of the namespace, set by Kubernetes on every namespace. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** Where the numbers in an object came from: the fingerprint of the resolved topology. */
export const TOPOLOGY_ANNOTATION = 'penstock.dev/topology-fingerprint';

/** What selects the pods of one workload; never changes in its life, since selectors are immutable. */
export function selectorLabels(
  topology: Topology,
  workload: { readonly id: string },
): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': workload.id, 'app.kubernetes.io/part-of': topology.name };
}

/** The labels of every object of a workload. */
export function workloadLabels(
  topology: Topology,
  workload: { readonly id: string; readonly service: { readonly kind: string; readonly name: string } },
): Readonly<Record<string, string>> {
  return {
    ...selectorLabels(topology, workload),
    'app.kubernetes.io/instance': `${topology.name}-${workload.id}`,
    'app.kubernetes.io/component': workload.service.kind,
    'app.kubernetes.io/managed-by': 'penstock',
  };
}

export const topologyAnnotations = (topology: Topology): Readonly<Record<string, string>> => ({
  [TOPOLOGY_ANNOTATION]: topology.fingerprint,
});

/** The labels of every object of a platform. */
export const platformLabels = (topology: Topology): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/part-of': topology.name,
  'app.kubernetes.io/managed-by': 'penstock',
});

/** Metadata of what a platform has beside its workloads; `labels` say more about it. */
export const platformMetadata = (topology: Topology, name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  labels: { ...platformLabels(topology), ...labels },
  annotations: topologyAnnotations(topology),
});

/** Metadata of what belongs to a cluster, and not to one platform in it. */
export const clusterMetadata = (name: string, component: string) => ({
  name,
  labels: {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/managed-by': 'penstock',
  },
});
