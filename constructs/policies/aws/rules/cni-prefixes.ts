import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

/** Rule 8. */
export const cniPrefixes: TemplatePolicy = {
  id: 'cni-prefixes',
  rules: [8],
  source: 'EKS Best Practices (AI/ML networking)',
  reason: 'a burst of pods waits for addresses, one call to EC2 after the other',
  types: ['AWS::EKS::Addon'],
  check: (resource) => [
    at(resource, 'AddonName') === 'vpc-cni' &&
      !/"ENABLE_PREFIX_DELEGATION":\s*"true"/.test(String(at(resource, 'ConfigurationValues'))) &&
      'gives out addresses one by one (ENABLE_PREFIX_DELEGATION)',
  ],
};
