import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

/** Rule 5, for the version that nobody goes on paying for by oversight. */
export const eksKept: TemplatePolicy = {
  id: 'eks-kept',
  rules: [5],
  source: 'EKS User Guide (deletion protection, upgrade policy)',
  reason:
    'one call by mistake takes a platform away, and a version that nobody upgrades is billed at several times the price',
  types: ['AWS::EKS::Cluster'],
  check: (cluster) => [
    at(cluster, 'DeletionProtection') !== true && 'may be deleted by one call',
    at(cluster, 'UpgradePolicy.SupportType') !== 'STANDARD' && 'runs into extended support, expected STANDARD',
  ],
};
