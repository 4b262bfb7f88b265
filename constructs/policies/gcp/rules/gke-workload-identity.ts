import { clusterPolicy } from '../policy.ts';

/** Rule 19. */
export const gkeWorkloadIdentity = clusterPolicy(
  {
    id: 'gke-workload-identity',
    rules: [19],
    source: 'CIS GKE 1.9, trivy',
    reason: 'a pod that asks the metadata server gets the rights of its node, and every pod on it has the same ones',
  },
  {
    cluster: ({ workloadIdentityConfig }) => [
      workloadIdentityConfig?.workloadPool === undefined && 'has no workload pool (workloadIdentityConfig)',
    ],
    nodes: ({ workloadMetadataConfig, metadata }) => [
      workloadMetadataConfig?.mode !== 'GKE_METADATA' && 'shows pods the metadata of the node, expected GKE_METADATA',
      metadata?.['disable-legacy-endpoints'] !== 'true' && 'answers the legacy metadata endpoints',
    ],
  },
);
