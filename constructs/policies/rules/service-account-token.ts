import type { Manifest } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface Subject {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** Rule 33, for the account itself; one that a binding gives rights has a use for its token. */
export const serviceAccountToken = kindPolicy(
  {
    id: 'service-account-token',
    rules: [33],
    source: 'CIS EKS 4.1.6, NSA/CISA',
    reads: ['RoleBinding', 'ClusterRoleBinding'],
    reason: 'the next pod that runs as this account gets a token that nobody thought of',
  },
  ['ServiceAccount'],
  (manifest, all) => {
    const isBound = all
      .filter(({ kind }) => kind.endsWith('RoleBinding'))
      .some((binding) =>
        subjectsOf(binding).some(
          ({ kind, name, namespace }) =>
            kind === 'ServiceAccount' &&
            name === manifest.metadata.name &&
            (namespace ?? binding.metadata.namespace) === manifest.metadata.namespace,
        ),
      );
    return [
      !isBound &&
        manifest['automountServiceAccountToken'] !== false &&
        'automountServiceAccountToken is not false, and no binding gives it rights',
    ];
  },
);

const subjectsOf = (binding: Manifest): readonly Subject[] => (binding['subjects'] ?? []) as readonly Subject[];
