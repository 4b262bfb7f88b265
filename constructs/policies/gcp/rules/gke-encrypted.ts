import { clusterPolicy, type Messages } from '../policy.ts';
import type { NodeConfig } from '../resource.ts';

const disks = ({ bootDiskKmsKey }: Pick<NodeConfig, 'bootDiskKmsKey'>): Messages => [
  bootDiskKmsKey === undefined && 'has disks without a key of Cloud KMS (bootDiskKmsKey)',
];

/** Rule 23. */
export const gkeEncrypted = clusterPolicy(
  {
    id: 'gke-encrypted',
    rules: [23],
    source: 'CIS GKE 1.9',
    reason: 'without a key of ours nobody can see who opened the secrets of a cluster, or close them at once',
  },
  {
    cluster: ({ databaseEncryption }) => [
      (databaseEncryption?.state !== 'ENCRYPTED' || databaseEncryption.keyName === undefined) &&
        'keeps secrets without a key of Cloud KMS (databaseEncryption)',
    ],
    nodes: disks,
    autoProvisioned: disks,
  },
);
