import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

/** Rule 5. */
export const eksVersionsPinned: TemplatePolicy = {
  id: 'eks-versions-pinned',
  rules: [5],
  source: 'EKS Best Practices (upgrades)',
  reason: 'what runs changes on a day that nobody chose',
  types: ['AWS::EKS::Cluster', 'AWS::EKS::Addon'],
  check: (resource) =>
    resource.Type === 'AWS::EKS::Addon'
      ? [typeof at(resource, 'AddonVersion') !== 'string' && 'states no version of the add-on']
      : [typeof at(resource, 'Version') !== 'string' && 'states no version of Kubernetes'],
};
