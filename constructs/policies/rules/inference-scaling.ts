import { usesGpu } from '../gpu.ts';
import { podsOf, specOf, WORKLOADS } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { scaleDownWindowOf, targetOf, triggersOf } from '../scaler.ts';

interface HorizontalSpec {
  readonly metrics: readonly { readonly type?: string }[];
}

const UTILISATION = /DCGM_FI_(DEV_GPU_UTIL|PROF_GR_ENGINE_ACTIVE)|duty_cycle/;

/** Rule 47. */
export const inferenceScaling = kindPolicy(
  {
    id: 'inference-scaling',
    rules: [47],
    source: 'GKE best practices for inference autoscaling, EKS Best Practices (AI/ML)',
    reads: WORKLOADS,
    reason: 'a GPU is busy long before it is full: by its utilisation a server scales up on one request and never down',
  },
  ['ScaledObject', 'HorizontalPodAutoscaler'],
  (manifest, all) => {
    const target = targetOf(manifest, all);
    if (target === undefined || !podsOf(target).some(usesGpu)) return [];
    if (manifest.kind === 'HorizontalPodAutoscaler') {
      const { metrics = [] } = specOf<HorizontalSpec>(manifest);
      return [
        metrics.every(({ type }) => type === 'Resource' || type === 'ContainerResource') &&
          'scales by CPU or memory alone',
        (scaleDownWindowOf(manifest) ?? 0) === 0 && 'does not stabilise its way down',
      ];
    }
    const speaks = triggersOf(manifest).some(
      ({ type, metadata = {} }) =>
        type !== 'cpu' && type !== 'memory' && !UTILISATION.test(Object.values(metadata).join(' ')),
    );
    return [!speaks && 'scales by utilisation alone, expected a queue, a batch or a latency'];
  },
);
