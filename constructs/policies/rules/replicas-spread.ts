import { canonicalJson } from '@penstock/model';
import { type AffinityTerm, type PodAffinity, specOf, type WorkloadSpec } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { scalersOf } from '../scaler.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';

interface Bounds {
  readonly minReplicas: number;
}

/** Rule 39. */
export const replicasSpread = kindPolicy(
  {
    id: 'replicas-spread',
    rules: [39],
    source: 'EKS Best Practices (reliability), kube-score, kube-linter',
    reads: ['ScaledObject', 'HorizontalPodAutoscaler'],
    reason: 'one node or one zone that fails takes all replicas with it',
  },
  ['Deployment', 'StatefulSet'],
  (manifest, all) => {
    const { replicas, selector, template } = specOf<WorkloadSpec>(manifest);
    const { affinity, topologySpreadConstraints = [] } = template?.spec ?? {};
    // A term without the workload's own labels counts other pods, or none.
    const isAbout = (key: string) => (term: AffinityTerm | undefined) =>
      term?.topologyKey === key &&
      canonicalJson(term.labelSelector?.matchLabels ?? {}) === canonicalJson(selector?.matchLabels);
    const zones = topologySpreadConstraints.filter(isAbout(ZONE));
    return [
      replicas === undefined &&
        scalersOf(manifest, all).length === 0 &&
        'states no replicas, and nothing scales it: it runs once',
      scalersOf(manifest, all).some(
        (scaler) => scaler.kind === 'HorizontalPodAutoscaler' && (specOf<Bounds>(scaler).minReplicas ?? 1) < 2,
      ) && 'is scaled down to one replica, expected at least 2',
      replicas !== undefined && replicas < 2 && `has ${replicas} replicas, expected at least 2`,
      zones.length === 0 && 'is not spread over zones by its own labels',
      zones.some(({ whenUnsatisfiable }) => whenUnsatisfiable === undefined) &&
        'does not say what happens where zones cannot be even (whenUnsatisfiable)',
      zones.some(({ maxSkew }) => maxSkew !== 1) && 'lets its zones differ by more than one replica',
      !termsOf(affinity?.podAntiAffinity).some(isAbout(HOST)) &&
        'has no anti-affinity between its replicas, by host and its own labels',
    ];
  },
);

const termsOf = (affinity: PodAffinity | undefined): readonly (AffinityTerm | undefined)[] => [
  ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
];
