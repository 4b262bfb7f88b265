import { type Labels, selects, specOf, type WorkloadSpec } from '../manifest.ts';
import type { Policy } from '../policy.ts';

interface BudgetSpec {
  readonly selector: { readonly matchLabels?: Labels };
  readonly minAvailable: number | string;
  readonly maxUnavailable: number | string;
  readonly unhealthyPodEvictionPolicy: string;
}

/** Rule 40. */
export const disruptionBudget: Policy = {
  id: 'disruption-budget',
  reason:
    'without a budget a drain takes all replicas at once; with one that never allows a disruption no node can be drained',
  check(manifest, all) {
    if (manifest.kind !== 'Deployment' && manifest.kind !== 'StatefulSet') return [];
    const { replicas, template } = specOf<WorkloadSpec>(manifest);
    const budget = all
      .filter(
        ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.namespace === manifest.metadata.namespace,
      )
      .map((other) => specOf<BudgetSpec>(other))
      .find(({ selector }) => selects(selector?.matchLabels, template?.metadata?.labels));
    if (budget === undefined) return ['has no PodDisruptionBudget'];
    const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy } = budget;
    const blocks =
      maxUnavailable === 0 ||
      maxUnavailable === '0%' ||
      minAvailable === '100%' ||
      (typeof minAvailable === 'number' && minAvailable >= (replicas ?? 1));
    return [
      ...(blocks
        ? [
            `its PodDisruptionBudget never allows a disruption (${minAvailable === undefined ? `maxUnavailable ${maxUnavailable}` : `minAvailable ${minAvailable}`})`,
          ]
        : []),
      ...(unhealthyPodEvictionPolicy === 'AlwaysAllow'
        ? []
        : ['its PodDisruptionBudget keeps unhealthy pods from being evicted, expected AlwaysAllow']),
    ];
  },
};
