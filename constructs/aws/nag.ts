import { Stack, Validations } from 'aws-cdk-lib';
import type { ManagedPolicy, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';

// What cdk-nag finds and has to be so, said beside the resource with its reason.

const AWS_KEEPS = 'EKS asks for this policy by its name, and AWS adds to it what a new version of EKS needs';

/** A role of policies that AWS keeps, which name more than we would. */
export function keptByAws(role: Role, policies: readonly string[]): void {
  for (const policy of policies) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
      reason: AWS_KEEPS,
    });
  }
}

/** Resources that have no name yet, or no name at all. */
export function unnamedResources(policy: ManagedPolicy, statements: readonly PolicyStatement[], reason: string): void {
  const wild = statements
    .flatMap(({ resources }) => resources)
    .map((arn) => textOf(Stack.of(policy).resolve(arn)))
    .filter((arn) => arn.includes('*'));
  for (const arn of new Set(wild)) {
    Validations.of(policy).acknowledge({ id: `AwsSolutions::AwsSolutions-IAM5[Resource::${arn}]`, reason });
  }
}

/** An ARN as cdk-nag writes it: what is known after deployment in angle brackets. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::Join': join } = value as { readonly Ref?: string; readonly 'Fn::Join'?: [string, unknown[]] };
  if (Ref !== undefined) return `<${Ref}>`;
  return join === undefined ? '' : join[1].map(textOf).join(join[0]);
}
