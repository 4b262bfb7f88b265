import { specOf, type WorkloadSpec } from '../manifest.ts';
import type { Policy } from '../policy.ts';
import { scalersOf } from '../scaler.ts';

/** Rule 41. */
export const replicasOneOwner: Policy = {
  id: 'replicas-one-owner',
  rules: [41],
  source: 'kube-score',
  reads: ['ScaledObject', 'HorizontalPodAutoscaler'],
  reason: 'every apply of the manifest would undo what the scaler did, in the middle of a peak',
  check(manifest, all) {
    const { replicas } = specOf<WorkloadSpec>(manifest);
    if (replicas === undefined || (manifest.kind !== 'Deployment' && manifest.kind !== 'StatefulSet')) return [];
    const [scaler] = scalersOf(manifest, all);
    return scaler === undefined ? [] : [`sets replicas ${replicas}, which ${scaler.kind}/${scaler.metadata.name} owns`];
  },
};
