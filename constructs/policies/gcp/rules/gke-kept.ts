import { clusterPolicy } from '../policy.ts';

/** Rule 26. What does not say that it is a trial is judged as production. */
export const gkeKept = clusterPolicy(
  {
    id: 'gke-kept',
    rules: [26],
    source: 'CIS GKE 1.9',
    reason: 'a renamed resource is a deleted one: the plan says so in one line among two hundred',
  },
  {
    cluster: ({ resourceLabels, deletionProtection, securityPostureConfig }) => {
      if (resourceLabels?.['environment'] === 'trial') return [];
      return [
        deletionProtection !== true && 'can be deleted (deletionProtection)',
        !['BASIC', 'ENTERPRISE'].includes(securityPostureConfig?.mode ?? '') &&
          'is not looked over (securityPostureConfig)',
      ];
    },
  },
);
