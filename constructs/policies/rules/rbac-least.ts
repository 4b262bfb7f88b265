import type { Manifest } from '../manifest.ts';
import type { Policy } from '../policy.ts';

interface Rule {
  readonly verbs?: readonly string[];
  readonly resources?: readonly string[];
  readonly apiGroups?: readonly string[];
}

const ESCALATING: readonly string[] = ['bind', 'escalate', 'impersonate'];

/** Rule 36. */
export const rbacLeast: Policy = {
  id: 'rbac-least',
  rules: [36],
  source: 'CIS EKS 4.1.1 to 4.1.12',
  reason: 'a right that is wider than its use is the way from one pod to the cluster',
  check(manifest) {
    if (manifest.kind.endsWith('RoleBinding')) {
      const name = (manifest['roleRef'] as { readonly name?: string } | undefined)?.name;
      return name === 'cluster-admin' ? ['binds cluster-admin'] : [];
    }
    if (manifest.kind !== 'Role' && manifest.kind !== 'ClusterRole') return [];
    return rulesOf(manifest).flatMap(({ verbs = [], resources = [], apiGroups = [] }) => [
      ...([...verbs, ...resources, ...apiGroups].includes('*') ? ['has a rule with a wildcard'] : []),
      ...verbs.filter((verb) => ESCALATING.includes(verb)).map((verb) => `grants ${verb}`),
      ...(manifest.kind === 'ClusterRole' &&
      resources.includes('secrets') &&
      verbs.some((verb) => verb === 'list' || verb === 'watch')
        ? ['lists or watches the secrets of the whole cluster']
        : []),
    ]);
  },
};

const rulesOf = (manifest: Manifest): readonly Rule[] => (manifest['rules'] ?? []) as readonly Rule[];
