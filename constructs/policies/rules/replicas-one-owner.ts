import { specOf, type WorkloadSpec } from '../manifest.ts';
import type { Policy } from '../policy.ts';

interface TargetSpec {
  readonly scaleTargetRef: { readonly name?: string; readonly kind?: string };
}

/** Rule 41. */
export const replicasOneOwner: Policy = {
  id: 'replicas-one-owner',
  reason: 'every apply of the manifest would undo what the scaler did, in the middle of a peak',
  check(manifest, all) {
    const { replicas } = specOf<WorkloadSpec>(manifest);
    if (replicas === undefined || (manifest.kind !== 'Deployment' && manifest.kind !== 'StatefulSet')) return [];
    const scaler = all.find((other) => {
      if (other.kind !== 'ScaledObject' && other.kind !== 'HorizontalPodAutoscaler') return false;
      const target = specOf<TargetSpec>(other).scaleTargetRef;
      return (
        other.metadata.namespace === manifest.metadata.namespace &&
        target?.name === manifest.metadata.name &&
        (target.kind ?? 'Deployment') === manifest.kind
      );
    });
    return scaler === undefined ? [] : [`sets replicas ${replicas}, which ${scaler.kind}/${scaler.metadata.name} owns`];
  },
};
