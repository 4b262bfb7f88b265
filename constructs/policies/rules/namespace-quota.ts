import type { Policy } from '../policy.ts';

/** Rule 29. */
export const namespaceQuota: Policy = {
  id: 'namespace-quota',
  reason: 'one runaway workload takes the cluster from all others',
  check({ kind, metadata }, all) {
    if (kind !== 'Namespace') return [];
    return ['ResourceQuota', 'LimitRange']
      .filter((wanted) => !all.some((other) => other.kind === wanted && other.metadata.namespace === metadata.name))
      .map((wanted) => `has no ${wanted}`);
  },
};
