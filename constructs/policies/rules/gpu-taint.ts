import { GPU, isGpuPool, type NodePoolSpec, usesGpu } from '../gpu.ts';
import { podsOf, specOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

/** Rule 13. A DaemonSet is the node's own: the device plugin and the exporter tolerate and ask for no device. */
export const gpuTaint: Policy = {
  id: 'gpu-taint',
  rules: [13],
  source: 'EKS Best Practices (AI/ML compute)',
  reason: 'a pod without a GPU on a GPU node keeps the dearest machine of the cluster awake, and its work out',
  check(manifest, all) {
    if (isGpuPool(manifest)) {
      const taints = specOf<NodePoolSpec>(manifest).template?.spec?.taints ?? [];
      const keepsOut = taints.some(({ key, effect }) => key === GPU && effect === 'NoSchedule');
      return keepsOut ? [] : [`is not tainted ${GPU}:NoSchedule`];
    }
    if (manifest.kind === 'DaemonSet') return [];
    return podsOf(manifest).flatMap((pod) => {
      const tolerates = (pod.tolerations ?? []).some(
        ({ key, operator, effect }) =>
          (key === GPU || (key === undefined && operator === 'Exists')) && (effect ?? 'NoSchedule') === 'NoSchedule',
      );
      if (usesGpu(pod)) return tolerates || !all.some(isGpuPool) ? [] : [`does not tolerate ${GPU}: no node takes it`];
      return tolerates ? [`tolerates ${GPU} and asks for none`] : [];
    });
  },
};
