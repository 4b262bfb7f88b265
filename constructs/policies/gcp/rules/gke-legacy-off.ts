import { clusterPolicy } from '../policy.ts';

/** Rule 25, what is off. */
export const gkeLegacyOff = clusterPolicy(
  {
    id: 'gke-legacy-off',
    rules: [25],
    source: 'CIS GKE 1.9',
    reason:
      'client certificates cannot be revoked, legacy authorization ignores roles, and alpha clusters end after 30 days',
  },
  {
    cluster: (cluster) => [
      cluster.enableLegacyAbac === true && 'authorizes by legacy ABAC',
      cluster.masterAuth?.clientCertificateConfig?.issueClientCertificate !== false &&
        'does not state that no client certificate is issued (masterAuth)',
      cluster.enableKubernetesAlpha === true && 'is an alpha cluster',
    ],
  },
);
