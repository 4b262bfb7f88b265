import { GPU_SHARING_LABEL } from '@penstock/model';
import { GPU, isGpuPool, type NodePoolSpec, usesGpu } from '../gpu.ts';
import { type Manifest, type PodSpec, podsOf, specOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

/**
 * Rule 13. A DaemonSet is the node's own: the device plugin and the exporter tolerate and ask for no device. Where devices
 * are shared, a second taint keeps out who wants a whole one: a share has the same name.
 */
export const gpuTaint: Policy = {
  id: 'gpu-taint',
  rules: [13],
  source: 'EKS Best Practices (AI/ML compute)',
  reads: ['NodePool'],
  reason: 'a pod without a GPU on a GPU node keeps the dearest machine of the cluster awake, and its work out',
  check(manifest, all) {
    if (isGpuPool(manifest)) {
      const sharing = specOf<NodePoolSpec>(manifest).template?.metadata?.labels?.[GPU_SHARING_LABEL] ?? 'whole';
      const expected = sharing === 'whole' ? [GPU] : [GPU, GPU_SHARING_LABEL];
      return expected
        .filter((taint) => !taintsOf(manifest).some(({ key, effect }) => key === taint && effect === 'NoSchedule'))
        .map((taint) => `is not tainted ${taint}:NoSchedule`);
    }
    if (manifest.kind === 'DaemonSet') return [];
    const pools = all.filter(isGpuPool);
    return podsOf(manifest).flatMap((pod) => {
      const tolerations = pod.tolerations ?? [];
      const everything = tolerations.some(({ key }) => key === undefined)
        ? ['tolerates every taint, expected those it needs']
        : [];
      if (!usesGpu(pod)) {
        return tolerations.some(({ key }) => key === GPU)
          ? [...everything, `tolerates ${GPU} and asks for none`]
          : everything;
      }
      const enters =
        pools.length === 0 ||
        pools
          .filter((pool) => isMeant(pod, pool))
          .some((pool) => taintsOf(pool).every((taint) => tolerations.some((each) => tolerates(each, taint))));
      return enters
        ? everything
        : [...everything, 'does not tolerate the taints of any pool it names: no node takes it'];
    });
  },
};

/** By the labels that both state: of those that a cloud gives its nodes, the pool says nothing. */
function isMeant({ nodeSelector = {} }: PodSpec, pool: Manifest): boolean {
  const labels = specOf<NodePoolSpec>(pool).template?.metadata?.labels ?? {};
  return Object.entries(nodeSelector).every(([label, value]) => (labels[label] ?? value) === value);
}

interface Taint {
  readonly key?: string;
  readonly value?: string;
  readonly effect?: string;
}

const taintsOf = (pool: Manifest): readonly Taint[] => specOf<NodePoolSpec>(pool).template?.spec?.taints ?? [];

/** As the scheduler decides it: without an operator the values have to be the same. */
const tolerates = (toleration: Taint & { readonly operator?: string }, taint: Taint): boolean =>
  toleration.key === taint.key &&
  (toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '')) &&
  (toleration.effect === undefined || toleration.effect === taint.effect);
