import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

/** Rule 10: one role for one service account. */
export const identityOwn: TemplatePolicy = {
  id: 'identity-own',
  rules: [10],
  source: 'EKS Best Practices (identity)',
  reason: 'who gets into one workload has the rights of another',
  types: ['AWS::EKS::PodIdentityAssociation'],
  check: (association, { Resources }) => {
    const role = JSON.stringify(at(association, 'RoleArn'));
    const shared = Object.values(Resources ?? {}).some(
      (other) =>
        other !== association && other.Type === association.Type && JSON.stringify(at(other, 'RoleArn')) === role,
    );
    return [
      at(association, 'ServiceAccount') === 'default' && 'gives rights to the account of every pod that names none',
      shared && 'shares its role with another account',
    ];
  },
};
