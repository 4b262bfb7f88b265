import { CfnResource, Stack } from 'aws-cdk-lib';
import type { KubectlProvider } from 'aws-cdk-lib/aws-eks-v2';
import { CfnPolicy, CfnRole, type PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { exempt } from './exemption.ts';

// What many resources have alike and has to be so, said beside each of them.

const AWS_KEEPS = 'the service asks for this policy by its name, and AWS adds to it what a new version needs';

/** A role of policies that AWS keeps, which name more than we would. */
export function keptByAws(role: Role, policies: readonly string[]): void {
  exempt(role, {
    because: AWS_KEEPS,
    nag: policies.map((policy) => `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]` as const),
  });
}

/** Resources that have no name yet, or no name at all, in the policies below a construct. */
export function unnamedResources(scope: Construct, statements: readonly PolicyStatement[], because: string): void {
  const wild = statements
    .flatMap(({ resources }) => resources)
    .map((arn) => textOf(Stack.of(scope).resolve(arn)))
    .filter((arn) => arn.includes('*'));
  exempt(scope, { because, nag: [...new Set(wild)].map((arn) => `IAM5[Resource::${arn}]` as const) });
}

/** An ARN as cdk-nag writes it: what is known after deployment in angle brackets. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    Ref,
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
  } = value as {
    readonly Ref?: string;
    readonly 'Fn::GetAtt'?: readonly string[];
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
  };
  if (Ref !== undefined) return `<${Ref}>`;
  if (attribute !== undefined) return `<${attribute.join('.')}>`;
  return join === undefined ? '' : join[1].map(textOf).join(join[0]);
}

const KUBECTL =
  'code and rights are those of CDK, and AWS asks for the policies by their names: the function reads charts from ' +
  'registries, writes its logs and calls its other half, while CloudFormation waits; nothing in its variables is secret';

/** The functions by which CDK applies objects to a cluster: their code and roles are CDK's. */
export function functionsOfKubectl(provider: KubectlProvider): void {
  const stack = Stack.of(provider);
  for (const child of provider.node.findAll()) {
    if (CfnFunction.isCfnFunction(child))
      exempt(child, { because: KUBECTL, nag: ['L1'], checkov: ['CKV_AWS_115', 'CKV_AWS_116', 'CKV_AWS_173'] });
    if (CfnRole.isCfnRole(child)) {
      const policies = stack.resolve(child.managedPolicyArns) as readonly unknown[];
      exempt(child, { because: KUBECTL, nag: policies.map((arn) => `IAM4[Policy::${policyOf(arn)}]` as const) });
    }
    if (CfnPolicy.isCfnPolicy(child)) {
      const { Statement } = stack.resolve(child.policyDocument) as Document;
      const wild = Statement.flatMap(({ Resource }) => [Resource].flat().map(textOf)).filter((arn) =>
        arn.includes('*'),
      );
      exempt(child, { because: KUBECTL, nag: wild.map((arn) => `IAM5[Resource::${arn}]` as const) });
    }
  }
}

interface Document {
  readonly Statement: readonly { readonly Resource: unknown }[];
}

/** One that only some partitions have is a condition, which cdk-nag writes as it is. */
const policyOf = (arn: unknown): string => (textOf(arn) === '' ? JSON.stringify(arn) : textOf(arn));

const CALLED_BY_CLOUDFORMATION =
  'a function of CDK that CloudFormation calls while it deploys, and waits for: nothing it loses is lost unseen, and it ' +
  'speaks to services of AWS alone';

/** Functions that CDK puts into a stack to make calls that CloudFormation cannot: their code and roles are CDK's. */
export function functionsOfCdk(scope: Construct): void {
  for (const child of Stack.of(scope).node.children) {
    for (const each of child.node.findAll()) {
      if (!CfnResource.isCfnResource(each) || each.cfnResourceType !== 'AWS::Lambda::Function') continue;
      if (each.getMetadata('checkov') !== undefined || !isOfCdk(child)) continue;
      exempt(each, { because: CALLED_BY_CLOUDFORMATION, checkov: ['CKV_AWS_115', 'CKV_AWS_116', 'CKV_AWS_117'] });
      exempt(child as Construct, {
        because: CALLED_BY_CLOUDFORMATION,
        nag: ['IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]'],
      });
    }
  }
}

/** By the names that CDK gives them: `AWS` and a hash for calls of services, `Custom::` and a type for others. */
const isOfCdk = ({ node }: { readonly node: { readonly id: string } }): boolean =>
  /^(?:AWS[0-9a-f]{32}|Custom::.*)/.test(node.id);
