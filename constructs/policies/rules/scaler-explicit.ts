import { specOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';
import { scaleDownWindowOf } from '../scaler.ts';

interface ScaledObjectSpec {
  readonly pollingInterval: number;
  readonly cooldownPeriod: number;
  readonly initialCooldownPeriod: number;
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly fallback: { readonly failureThreshold?: number; readonly replicas?: number; readonly behavior?: string };
}

interface HorizontalSpec {
  readonly minReplicas: number;
  readonly metrics: readonly unknown[];
}

/** Rule 45, and the stabilisation of 47. */
export const scalerExplicit: Policy = {
  id: 'scaler-explicit',
  rules: [45, 47],
  source: 'KEDA documentation, GKE best practices for inference autoscaling',
  reason:
    'a scaler without a fallback acts on nothing when its source is down, and its defaults know neither this work nor its cold start',
  check(manifest) {
    if (manifest.kind === 'ScaledJob') {
      const job = specOf<ScaledObjectSpec>(manifest);
      return (['pollingInterval', 'maxReplicaCount'] as const)
        .filter((field) => job[field] === undefined)
        .map((field) => `does not state ${field}`);
    }
    if (manifest.kind === 'HorizontalPodAutoscaler') {
      const { minReplicas, metrics = [] } = specOf<HorizontalSpec>(manifest);
      return [
        ...(minReplicas === undefined ? ['does not state minReplicas'] : []),
        ...(metrics.length === 0 ? ['states no metric, and is scaled at 80 % of a processor'] : []),
        ...((scaleDownWindowOf(manifest) ?? 0) === 0 ? ['does not stabilise its way down'] : []),
      ];
    }
    if (manifest.kind !== 'ScaledObject') return [];
    const spec = specOf<ScaledObjectSpec>(manifest);
    const { fallback, minReplicaCount, maxReplicaCount } = spec;
    // Where replicas are kept, KEDA reads neither of the two and warns of both.
    const sleeps = (minReplicaCount ?? 0) === 0;
    const explicit = [
      ...(sleeps ? (['pollingInterval', 'cooldownPeriod'] as const) : []),
      'minReplicaCount',
      'maxReplicaCount',
    ] as const;
    return [
      ...explicit.filter((field) => spec[field] === undefined).map((field) => `does not state ${field}`),
      ...(fallback?.failureThreshold === undefined || fallback.replicas === undefined ? ['has no fallback'] : []),
      ...(fallback?.replicas === 0
        ? ['falls back to no replica: then an error of the source counts as no work, expected 1 or more']
        : []),
      ...(fallback?.replicas !== undefined && maxReplicaCount !== undefined && fallback.replicas > maxReplicaCount
        ? [`falls back to ${fallback.replicas} replicas, more than its maximum ${maxReplicaCount}`]
        : []),
      ...(fallback !== undefined &&
      (fallback.behavior ?? 'static') === 'static' &&
      (fallback.replicas ?? 0) < (maxReplicaCount ?? 0)
        ? [
            `falls back to ${fallback.replicas} replicas from ${maxReplicaCount}, expected behavior currentReplicasIfHigher`,
          ]
        : []),
      ...(minReplicaCount === 0 && (spec.initialCooldownPeriod ?? 0) === 0
        ? ['goes to zero before it has looked once: initialCooldownPeriod is 0']
        : []),
      ...((scaleDownWindowOf(manifest) ?? 0) === 0 ? ['does not stabilise its way down'] : []),
    ];
  },
};
