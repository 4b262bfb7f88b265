import { requiredOf } from '../gpu.ts';
import { kindPolicy } from '../policy.ts';

/** The advice of Amazon EC2 for Spot: be flexible over at least ten types. */
const FEWEST_TYPES = 10;
const FEWEST_FAMILIES = 2;

/** Rule 15. That the interruption queue is set is a matter of Karpenter's own installation. */
export const spotDiverse = kindPolicy(
  {
    id: 'spot-diverse',
    rules: [15],
    source: 'EKS Best Practices (Karpenter), Amazon EC2 Spot best practices',
    reason: 'one type of machine runs out everywhere at once, and all nodes of the pool are taken back together',
  },
  ['NodePool'],
  (manifest) => {
    if (requiredOf(manifest, 'karpenter.sh/capacity-type')?.includes('spot') !== true) return [];
    const types = requiredOf(manifest, 'node.kubernetes.io/instance-type');
    const families = requiredOf(manifest, 'karpenter.k8s.aws/instance-family');
    return [
      types !== undefined &&
        types.length < FEWEST_TYPES &&
        `is Spot and names ${types.length} instance types, expected at least ${FEWEST_TYPES}`,
      types === undefined &&
        families !== undefined &&
        families.length < FEWEST_FAMILIES &&
        `is Spot and names ${families.length} instance family, expected at least ${FEWEST_FAMILIES}`,
    ];
  },
);
