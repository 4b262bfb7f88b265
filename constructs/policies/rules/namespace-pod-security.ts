import type { Policy } from '../policy.ts';

/** Rule 27. */
export const namespacePodSecurity: Policy = {
  id: 'namespace-pod-security',
  rules: [27],
  source: 'EKS Best Practices (pod security), Pod Security Standards',
  reason: 'without the labels the cluster admits a privileged pod, whatever our own manifests say',
  check({ kind, metadata }) {
    if (kind !== 'Namespace') return [];
    return ['enforce', 'audit', 'warn']
      .map(
        (mode) =>
          [`pod-security.kubernetes.io/${mode}`, metadata.labels?.[`pod-security.kubernetes.io/${mode}`]] as const,
      )
      .filter(([, value]) => value !== 'restricted')
      .map(([label, value]) => `label ${label} is ${value ?? 'missing'}, expected restricted`);
  },
};
