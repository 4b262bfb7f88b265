import { containerPolicy } from '../policy.ts';

/** Credentials inside an address: `scheme://user:password@host`. */
const CREDENTIALS = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i;

/** Rule 34. */
export const secretsAsFiles = containerPolicy(
  {
    id: 'secrets-as-files',
    rules: [34],
    source: 'CIS EKS 4.4.1 and 4.4.2, kube-linter',
    reason: 'the environment of a process is in crash reports, in child processes and in `kubectl describe`',
  },
  ({ env, envFrom }) => [
    ...(env ?? []).flatMap(({ name, value, valueFrom }) => [
      valueFrom?.['secretKeyRef'] !== undefined && `${name} is read from a secret, expected a mounted file`,
      value !== undefined && CREDENTIALS.test(value) && `${name} carries a password in its address`,
    ]),
    ...(envFrom ?? []).map(
      (source) => source['secretRef'] !== undefined && 'reads a whole secret into its environment',
    ),
  ],
);
