import { isGpuPool, type NodePoolSpec, SERVING, servesOnGpu, usesGpu } from '../gpu.ts';
import { specOf, templatesOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

const DO_NOT_DISRUPT = 'karpenter.sh/do-not-disrupt';

/** Rule 14. */
export const gpuConsolidation = kindPolicy(
  {
    id: 'gpu-consolidation',
    rules: [14],
    source: 'EKS Best Practices (AI/ML compute), Karpenter documentation',
    reads: SERVING,
    reason:
      'a node that is moved to save money takes a loaded model with it, and its load time is paid in the middle of the day',
  },
  ['NodePool'],
  (manifest, all) => {
    const policy = specOf<NodePoolSpec>(manifest).disruption?.consolidationPolicy;
    if (!isGpuPool(manifest) || policy === 'WhenEmpty') return [];
    const unguarded = all
      .filter(servesOnGpu)
      .filter((workload) =>
        templatesOf(workload).some(
          ({ spec, metadata }) =>
            spec !== undefined && usesGpu(spec) && metadata?.annotations?.[DO_NOT_DISRUPT] !== 'true',
        ),
      );
    const names = unguarded.map(({ kind, metadata }) => `${kind}/${metadata.name}`).join(', ');
    return [
      (unguarded.length > 0 || !all.some(servesOnGpu)) &&
        `consolidationPolicy is ${policy ?? 'WhenEmptyOrUnderutilized, the default'}, expected WhenEmpty${names === '' ? '' : ` or ${DO_NOT_DISRUPT} on ${names}`}`,
    ];
  },
);
