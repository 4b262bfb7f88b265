import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

interface Trust {
  readonly Principal?: { readonly Service?: unknown };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const SCOPES = [
  'aws:SourceAccount',
  'aws:SourceArn',
  'aws:RequestTag/kubernetes-namespace',
  'aws:RequestTag/kubernetes-service-account',
];

/** Rule 10, for roles that pods take by EKS Pod Identity. */
export const podTrustScoped: TemplatePolicy = {
  id: 'pod-trust-scoped',
  rules: [10],
  source: 'EKS Best Practices (identity)',
  reason: 'pods of another team, or of another cluster, take the rights of this one',
  types: ['AWS::IAM::Role'],
  check: (resource) => {
    const statements = listOf(at(resource, 'AssumeRolePolicyDocument.Statement')) as readonly Trust[];
    return statements
      .filter(({ Principal }) => listOf(Principal?.Service).includes('pods.eks.amazonaws.com'))
      .flatMap(({ Condition }) =>
        SCOPES.map((scope) => {
          const scoped = Object.values(Condition ?? {}).some((keys) => keys[scope] !== undefined);
          return !scoped && `trusts pods by no ${scope}`;
        }),
      );
  },
};
