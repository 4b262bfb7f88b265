import { canonicalJson } from '@penstock/model';
import { type AffinityTerm, type Labels, type Manifest, specOf } from './manifest.ts';

// Pods that an operator makes are in no manifest: only their labels are known, and what is said about them beside.

interface Selecting {
  readonly selector: { readonly matchLabels?: Labels };
  readonly podSelector: { readonly matchLabels?: Labels };
}

const isExactly = (labels: Labels | undefined, pods: Labels): boolean =>
  canonicalJson(labels ?? {}) === canonicalJson(pods);

/** The objects of a kind beside an operator's resource that are about its pods and no others. */
export const aboutPods = (
  kind: 'PodDisruptionBudget' | 'NetworkPolicy',
  manifest: Manifest,
  pods: Labels,
  all: readonly Manifest[],
): readonly Manifest[] =>
  all.filter((other) => {
    const { selector, podSelector } = specOf<Selecting>(other);
    return (
      other.kind === kind &&
      other.metadata.namespace === manifest.metadata.namespace &&
      isExactly((selector ?? podSelector)?.matchLabels, pods)
    );
  });

/** True for a term that places these pods by each other, over nodes of different values of a label. */
export const placesBy =
  (topologyKey: string, pods: Labels) =>
  (term: AffinityTerm): boolean =>
    term.topologyKey === topologyKey && isExactly(term.labelSelector?.matchLabels, pods);

interface BudgetSpec {
  readonly maxUnavailable: number | string;
  readonly unhealthyPodEvictionPolicy: string;
}

/** What is wrong with the budget of an operator's pods; a drain may take one at a time, and a sick one at once. */
export function budgetFaults(manifest: Manifest, pods: Labels, all: readonly Manifest[]): readonly string[] {
  const [budget] = aboutPods('PodDisruptionBudget', manifest, pods, all).map((each) => specOf<BudgetSpec>(each));
  if (budget === undefined) return ['has no PodDisruptionBudget of its pods'];
  return [
    ...(budget.maxUnavailable === 1
      ? []
      : ['lets a drain take more than one pod at a time: expected maxUnavailable 1']),
    ...(budget.unhealthyPodEvictionPolicy === 'AlwaysAllow'
      ? []
      : ['keeps unhealthy pods from being evicted, expected AlwaysAllow']),
  ];
}
