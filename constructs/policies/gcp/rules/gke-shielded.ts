import { clusterPolicy, type Messages } from '../policy.ts';
import type { NodeConfig } from '../resource.ts';

const shielded = ({
  imageType,
  shieldedInstanceConfig,
}: Pick<NodeConfig, 'imageType' | 'shieldedInstanceConfig'>): Messages => [
  imageType !== 'COS_CONTAINERD' && `runs ${imageType ?? 'whatever GKE chooses'}, expected COS_CONTAINERD`,
  shieldedInstanceConfig?.enableSecureBoot !== true && 'starts without secure boot',
  shieldedInstanceConfig?.enableIntegrityMonitoring !== true && 'starts without integrity monitoring',
];

/** Rule 22. */
export const gkeShielded = clusterPolicy(
  {
    id: 'gke-shielded',
    rules: [22],
    source: 'CIS GKE 1.9, trivy GCP-0055',
    reason: 'what was put under the kernel of a node once stays there, below everything that looks for it',
  },
  {
    cluster: ({ enableShieldedNodes }) => [enableShieldedNodes !== true && 'has no shielded nodes'],
    nodes: shielded,
    autoProvisioned: shielded,
  },
);
