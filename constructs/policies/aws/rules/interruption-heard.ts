import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

/** Rule 15, for the account of Karpenter. */
export const interruptionHeard: TemplatePolicy = {
  id: 'interruption-heard',
  rules: [15],
  source: 'EKS Best Practices (Karpenter)',
  reason: 'machines are taken back in the middle of work that nobody could put down',
  types: ['AWS::EKS::PodIdentityAssociation'],
  check: (resource, { Resources }) => {
    if (at(resource, 'ServiceAccount') !== 'karpenter') return [];
    const heard = Object.values(Resources ?? {}).some(
      (other) =>
        other.Type === 'AWS::Events::Rule' &&
        listOf(at(other, 'EventPattern.detail-type')).includes('EC2 Spot Instance Interruption Warning') &&
        listOf(at(other, 'Targets')).length > 0,
    );
    return [!heard && 'lets Karpenter buy machines and tells it of no interruption'];
  },
};
