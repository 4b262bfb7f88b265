import { canonicalJson } from '@penstock/model';
import { type Labels, selects, specOf, templatesOf, type WorkloadSpec } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface BudgetSpec {
  readonly selector: { readonly matchLabels?: Labels };
  readonly minAvailable: number | string;
  readonly maxUnavailable: number | string;
  readonly unhealthyPodEvictionPolicy: string;
}

/** Rule 40. */
export const disruptionBudget = kindPolicy(
  {
    id: 'disruption-budget',
    rules: [40],
    source: 'EKS Best Practices (reliability), kube-score, kube-linter',
    reads: ['PodDisruptionBudget'],
    reason:
      'without a budget a drain takes all replicas at once; with one that never allows a disruption no node can be drained',
  },
  ['Deployment', 'StatefulSet', 'LeaderWorkerSet'],
  (manifest, all) => {
    const { replicas, selector } = specOf<WorkloadSpec>(manifest);
    const templates = templatesOf(manifest);
    const budgets = all
      .filter(
        ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.namespace === manifest.metadata.namespace,
      )
      .map((other) => specOf<BudgetSpec>(other))
      .filter((budget) =>
        templates.every((template) => selects(budget.selector?.matchLabels, template.metadata?.labels)),
      );
    const [budget] = budgets;
    if (budget === undefined) return ['has no PodDisruptionBudget'];
    const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy } = budget;
    const blocks =
      maxUnavailable === 0 ||
      maxUnavailable === '0%' ||
      minAvailable === '100%' ||
      (minAvailable === undefined && maxUnavailable === undefined) ||
      (typeof minAvailable === 'number' && minAvailable >= (replicas ?? 1));
    return [
      budgets.length > 1 && 'is selected by several PodDisruptionBudgets, and then none of its pods can be evicted',
      selector !== undefined &&
        canonicalJson(budget.selector?.matchLabels ?? {}) !== canonicalJson(selector.matchLabels) &&
        'its PodDisruptionBudget selects by other labels than itself, and counts other pods too',
      blocks &&
        `its PodDisruptionBudget never allows a disruption (${minAvailable === undefined ? `maxUnavailable ${maxUnavailable}` : `minAvailable ${minAvailable}`})`,
      unhealthyPodEvictionPolicy !== 'AlwaysAllow' &&
        'its PodDisruptionBudget keeps unhealthy pods from being evicted, expected AlwaysAllow',
    ];
  },
);
