import { clusterPolicy, type Messages } from '../policy.ts';
import type { NodeConfig } from '../resource.ts';

const account = ({ serviceAccount = 'default' }: Pick<NodeConfig, 'serviceAccount'>): Messages => [
  (serviceAccount === 'default' || serviceAccount.endsWith('-compute@developer.gserviceaccount.com')) &&
    'runs nodes as the default account, expected one of their own',
];

/** Rule 24, the nodes' part. */
export const gkeNodeAccount = clusterPolicy(
  {
    id: 'gke-node-account',
    rules: [24],
    source: 'CIS GKE 1.9, trivy GCP-0050',
    reason: 'the default account of Compute Engine may edit the whole project, and so may who gets out of a container',
  },
  {
    nodes: account,
    autoProvisioned: account,
  },
);
