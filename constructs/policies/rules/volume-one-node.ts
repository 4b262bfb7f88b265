import { canonicalJson } from '@penstock/model';
import { byIdentity, identity } from '../lookup.ts';
import { specOf, type WorkloadSpec } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { scalersOf } from '../scaler.ts';

const HOST = 'kubernetes.io/hostname';

/** Rule 39, where replicas share a volume: what one node mounts at a time keeps them all on that node. */
export const volumeOneNode = kindPolicy(
  {
    id: 'volume-one-node',
    rules: [39],
    source: 'Kubernetes documentation (persistent volumes, access modes)',
    reads: ['PersistentVolumeClaim', 'ScaledObject', 'HorizontalPodAutoscaler'],
    reason: 'a replica on another node waits for a volume that it never gets, and the rollout waits for the replica',
  },
  ['Deployment'],
  (manifest, all) => {
    const { replicas = 1, selector, template } = specOf<WorkloadSpec>(manifest);
    const several = replicas > 1 || scalersOf(manifest, all).length > 0;
    const isOneNode = (template?.spec?.volumes ?? [])
      .flatMap((volume) => {
        const { claimName } = (volume['persistentVolumeClaim'] ?? {}) as { readonly claimName?: string };
        return byIdentity(all, identity('PersistentVolumeClaim', manifest.metadata.namespace, claimName));
      })
      .some(
        (claim) =>
          specOf<{ accessModes: readonly string[] }>(claim).accessModes?.every((mode) => mode === 'ReadWriteOnce') ===
          true,
      );
    const together = (template?.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(
      ({ topologyKey, labelSelector }) =>
        topologyKey === HOST &&
        canonicalJson(labelSelector?.matchLabels ?? {}) === canonicalJson(selector?.matchLabels),
    );
    return [
      several && isOneNode && !together && 'shares a ReadWriteOnce volume, and nothing keeps its replicas on one node',
    ];
  },
);
