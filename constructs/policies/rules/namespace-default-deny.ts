import { type Manifest, specOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

interface NetworkPolicySpec {
  readonly podSelector: { readonly matchLabels?: unknown; readonly matchExpressions?: unknown };
  readonly policyTypes: readonly string[];
  readonly ingress: readonly unknown[];
  readonly egress: readonly { readonly ports?: readonly { readonly port?: unknown; readonly protocol?: string }[] }[];
}

/** Rule 28. */
export const namespaceDefaultDeny: Policy = {
  id: 'namespace-default-deny',
  rules: [28],
  source: 'EKS Best Practices (network security), CIS EKS 4.3.2, NSA/CISA',
  reads: ['NetworkPolicy'],
  reason: 'a pod that was broken into reaches everything that nothing forbids',
  check({ kind, metadata }, all) {
    if (kind !== 'Namespace') return [];
    const forAll = all
      .filter((other) => other.kind === 'NetworkPolicy' && other.metadata.namespace === metadata.name)
      .map((other: Manifest) => specOf<NetworkPolicySpec>(other))
      .filter(
        ({ podSelector }) => podSelector?.matchLabels === undefined && podSelector?.matchExpressions === undefined,
      );
    const denies = (direction: 'Ingress' | 'Egress') =>
      forAll.some(
        (spec) =>
          spec.policyTypes?.includes(direction) &&
          (spec[direction === 'Ingress' ? 'ingress' : 'egress'] ?? []).length === 0,
      );
    const allowsDns = forAll.some(({ egress }) =>
      egress?.some(({ ports }) =>
        ['UDP', 'TCP'].every((protocol) => ports?.some((p) => p.port === 53 && p.protocol === protocol)),
      ),
    );
    return [
      ...(['Ingress', 'Egress'] as const)
        .filter((direction) => !denies(direction))
        .map((d) => `no policy denies all ${d.toLowerCase()} by default`),
      ...(allowsDns ? [] : ['no policy lets every pod ask DNS (port 53, UDP and TCP)']),
    ];
  },
};
