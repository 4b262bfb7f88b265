import { specOf, type WorkloadSpec } from '../manifest.ts';
import type { Policy } from '../policy.ts';

const ZONE = 'topology.kubernetes.io/zone';

/** Rule 39. */
export const replicasSpread: Policy = {
  id: 'replicas-spread',
  reason: 'one node or one zone that fails takes all replicas with it',
  check(manifest) {
    if (manifest.kind !== 'Deployment' && manifest.kind !== 'StatefulSet') return [];
    const { replicas, template } = specOf<WorkloadSpec>(manifest);
    const pod = template?.spec ?? {};
    const apart = Object.values(pod.affinity?.podAntiAffinity ?? {}).some((terms) => terms.length > 0);
    return [
      ...(replicas !== undefined && replicas < 2 ? [`has ${replicas} replicas, expected at least 2`] : []),
      ...(pod.topologySpreadConstraints?.some(({ topologyKey }) => topologyKey === ZONE)
        ? []
        : ['is not spread over zones']),
      ...(apart ? [] : ['has no anti-affinity between its replicas']),
    ];
  },
};
