import { podPolicy } from '../policy.ts';

/** Rule 33. */
export const serviceAccountOwn = podPolicy(
  {
    id: 'service-account-own',
    rules: [33],
    source: 'CIS EKS 4.1.5 and 4.1.6, NSA/CISA',
    reason: 'a token nobody uses is a way into the API server for whoever gets into the pod',
  },
  ({ serviceAccountName, automountServiceAccountToken }) => [
    (serviceAccountName === undefined || serviceAccountName === 'default') &&
      'runs as the default service account, expected one of its own',
    automountServiceAccountToken !== false && 'automountServiceAccountToken is not false',
  ],
);
