import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

/** Rule 4. */
export const eksAccessEntries: TemplatePolicy = {
  id: 'eks-access-entries',
  rules: [4],
  source: 'EKS Best Practices (identity), CIS EKS 4.1.7',
  reason: 'an administrator stays that nobody named, and that no list shows',
  types: ['AWS::EKS::Cluster'],
  check: (resource) => [
    at(resource, 'AccessConfig.AuthenticationMode') !== 'API' &&
      'takes access from a ConfigMap, expected access entries (API)',
    at(resource, 'AccessConfig.BootstrapClusterCreatorAdminPermissions') !== false &&
      'makes whoever creates it an administrator for ever',
  ],
};
