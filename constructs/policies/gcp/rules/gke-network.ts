import { clusterPolicy } from '../policy.ts';

/** Rule 20, the cluster's part. */
export const gkeNetwork = clusterPolicy(
  {
    id: 'gke-network',
    rules: [20],
    source: 'CIS GKE 1.9',
    reason:
      'network policies that nobody enforces, and traffic inside a node that no log shows, hide who talked to whom',
  },
  {
    cluster: (cluster) => [
      cluster.ipAllocationPolicy === undefined && 'is not VPC-native (ipAllocationPolicy)',
      cluster.datapathProvider !== 'ADVANCED_DATAPATH' &&
        cluster.networkPolicy?.enabled !== true &&
        'enforces no network policies, expected Dataplane V2 (datapathProvider)',
      cluster.enableIntranodeVisibility !== true && 'hides traffic inside a node (enableIntranodeVisibility)',
    ],
  },
);
