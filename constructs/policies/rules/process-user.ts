import { containerPolicy } from '../policy.ts';

/** Below are the accounts that a node has itself. */
const FIRST_FREE_ID = 10_000;

/** Rule 31, beyond the standard. */
export const processUser = containerPolicy(
  {
    id: 'process-user',
    rules: [31],
    source: 'kube-score (container-security-context-user-group-id)',
    reason: 'who gets out of the container is the account of the node that has the same number',
  },
  ({ securityContext }, pod) => {
    if (pod.os?.name === 'windows') return [];
    return (['runAsUser', 'runAsGroup'] as const).map((field) => {
      const id = securityContext?.[field] ?? pod.securityContext?.[field];
      return (id ?? 0) < FIRST_FREE_ID && `${field} is ${id ?? 'not stated'}, expected ${FIRST_FREE_ID} or more`;
    });
  },
);
