import { podPolicy } from '../policy.ts';

/** Rule 33. */
export const serviceAccountOwn = podPolicy(
  'service-account-own',
  'a token nobody uses is a way into the API server for whoever gets into the pod',
  ({ serviceAccountName, automountServiceAccountToken }) => [
    (serviceAccountName === undefined || serviceAccountName === 'default') &&
      'runs as the default service account, expected one of its own',
    automountServiceAccountToken !== false && 'automountServiceAccountToken is not false',
  ],
);
