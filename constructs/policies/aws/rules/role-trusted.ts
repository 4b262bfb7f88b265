import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

interface Trust {
  readonly Effect?: string;
  readonly Principal?: unknown;
}

const isEverybody = (principal: unknown): boolean =>
  principal === '*' ||
  (principal !== null &&
    typeof principal === 'object' &&
    Object.values(principal).some((each) => listOf(each).includes('*')));

/** Rule 10, for who may take a role. */
export const roleTrusted: TemplatePolicy = {
  id: 'role-trusted',
  rules: [10],
  source: 'IAM Access Analyzer, trivy (iam)',
  reason: 'anybody with an account of their own takes the role',
  types: ['AWS::IAM::Role'],
  check: (role) => {
    const statements = listOf(at(role, 'AssumeRolePolicyDocument.Statement')) as readonly Trust[];
    return [
      statements.some(({ Effect, Principal }) => Effect !== 'Deny' && isEverybody(Principal)) && 'trusts everybody',
    ];
  },
};
