import { GPU, isGpuPool, type NodePoolSpec } from '../gpu.ts';
import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 11. */
export const nodepoolLimits = kindPolicy(
  {
    id: 'nodepool-limits',
    rules: [11],
    source: 'EKS Best Practices (AI/ML compute, Karpenter)',
    reason: 'a loop that makes pods buys machines until somebody reads the bill',
  },
  ['NodePool'],
  (manifest) => {
    const limits = specOf<NodePoolSpec>(manifest).limits ?? {};
    return [
      limits['cpu'] === undefined && 'has no limit on cpu',
      isGpuPool(manifest) && limits[GPU] === undefined && `has no limit on ${GPU}`,
    ];
  },
);
