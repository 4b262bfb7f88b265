import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

interface Statement {
  readonly Effect?: string;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
}

/** Rule 10, for the policies of identities. In the policy of a key or a bucket, `*` is that key or bucket. */
export const rightsLeast: TemplatePolicy = {
  id: 'rights-least',
  rules: [10],
  source: 'EKS Best Practices (identity), cdk-nag IAM5',
  reason: 'who gets into one pod gets everything that its role could ever have used',
  types: ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role'],
  check: (resource) => {
    const documents = [
      at(resource, 'PolicyDocument'),
      ...listOf(at(resource, 'Policies')).map((policy) => (policy as { PolicyDocument?: unknown }).PolicyDocument),
    ];
    return documents
      .flatMap(
        (document) => listOf((document as { Statement?: unknown } | undefined)?.Statement) as readonly Statement[],
      )
      .filter(({ Effect }) => Effect !== 'Deny')
      .flatMap(({ Action, NotAction, Resource }) => [
        NotAction !== undefined && 'allows all but some actions, expected those that are used',
        ...listOf(Action).map(
          (action) => typeof action === 'string' && action.includes('*') && `allows the actions ${action}`,
        ),
        listOf(Resource).includes('*') && `allows ${listOf(Action).join(', ')} on everything`,
      ]);
  },
};
