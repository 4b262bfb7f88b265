import { goDurationMs } from '../go-duration.ts';
import type { NodePoolSpec } from '../gpu.ts';
import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 16. */
export const nodeLifetime = kindPolicy(
  {
    id: 'node-lifetime',
    rules: [16],
    source: 'EKS Best Practices (Karpenter)',
    reason: 'a node that never goes is never patched; nodes that all go at once take the platform with them',
  },
  ['NodePool'],
  (manifest) => {
    const { template, disruption } = specOf<NodePoolSpec>(manifest);
    const { expireAfter: expiry, terminationGracePeriod: grace } = template?.spec ?? {};
    const budgets = disruption?.budgets ?? [];
    return [
      goDurationMs(expiry) === undefined && `expireAfter is ${expiry ?? 'not stated'}, expected a duration`,
      goDurationMs(grace) === undefined &&
        `terminationGracePeriod is ${grace ?? 'not stated'}: one pod that may not be disrupted keeps an expired node for ever`,
      budgets.length === 0 && 'states no disruption budgets',
      budgets.length > 0 &&
        budgets.every(({ nodes }) => nodes === '100%') &&
        'its disruption budgets let every node go at once',
    ];
  },
);
