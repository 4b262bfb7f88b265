import { clusterPolicy } from '../policy.ts';

/** Rule 21. */
export const gkeUpgraded = clusterPolicy(
  {
    id: 'gke-upgraded',
    rules: [21],
    source: 'CIS GKE 1.9, trivy',
    reason:
      'a cluster nobody upgrades runs into the end of its version, and is then upgraded in the middle of a working day',
  },
  {
    cluster: ({ releaseChannel }) => [
      [undefined, 'UNSPECIFIED'].includes(releaseChannel?.channel) && 'is in no release channel',
    ],
    pool: ({ management, nodeConfig }) => [
      management?.autoUpgrade !== true && 'is not upgraded (management.autoUpgrade)',
      // GKE refuses repair where nodes come by flex-start: they go after seven days whatever they are.
      nodeConfig?.flexStart !== true && management?.autoRepair !== true && 'is not repaired (management.autoRepair)',
    ],
    autoProvisioned: ({ management }) => [
      management?.autoUpgrade !== true && 'does not upgrade nodes (management.autoUpgrade)',
      management?.autoRepair !== true && 'does not repair nodes (management.autoRepair)',
    ],
  },
);
