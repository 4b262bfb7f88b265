import { containerPolicy } from '../policy.ts';

/** Rule 32. */
export const readOnlyRoot = containerPolicy(
  {
    id: 'read-only-root',
    rules: [32],
    source: 'NSA/CISA, EKS Best Practices, kube-score',
    reason: 'whoever gets in can change the program, and what is written there is lost without a word',
  },
  ({ securityContext }) => [securityContext?.readOnlyRootFilesystem !== true && 'readOnlyRootFilesystem is not true'],
);
