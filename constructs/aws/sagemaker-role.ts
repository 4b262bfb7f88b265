import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, ISubnet } from 'aws-cdk-lib/aws-ec2';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { exempt } from './exemption.ts';
import { unnamedResources } from './nag.ts';

export interface SageMakerRoleProps {
  readonly weights: IBucket;
  /** Under which the files of the model lie. */
  readonly prefix: string;
  readonly repository: IRepository;
  readonly subnets: readonly ISubnet[];
  readonly securityGroup: ISecurityGroup;
  readonly logs: ILogGroup;
}

/** What SageMaker does in the name of one model: reads its files and its image, and puts its machines into the network. */
export class SageMakerRole extends Construct {
  readonly nodes: { readonly role: Role; readonly unscoped: Policy };
  readonly role: Role;

  constructor(scope: Construct, id: string, props: SageMakerRoleProps) {
    super(scope, id);
    const { weights, prefix, repository, subnets, securityGroup, logs } = props;
    const stack = Stack.of(this);
    const ec2 = (resource: string, resourceName: string): string =>
      stack.formatArn({ service: 'ec2', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('sagemaker.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
    });
    const interfaces = ec2('network-interface', '*');
    const statements = [
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [weights.bucketArn],
        conditions: { StringLike: { 's3:prefix': [`${prefix}*`] } },
      }),
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [weights.arnForObjects(`${prefix}*`)] }),
      new PolicyStatement({
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        resources: [repository.repositoryArn],
      }),
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [logs.logGroupArn],
      }),
      new PolicyStatement({
        actions: ['ec2:CreateNetworkInterface'],
        resources: [
          interfaces,
          ...subnets.map(({ subnetId }) => ec2('subnet', subnetId)),
          ec2('security-group', securityGroup.securityGroupId),
        ],
      }),
      new PolicyStatement({
        actions: [
          'ec2:CreateNetworkInterfacePermission',
          'ec2:DeleteNetworkInterface',
          'ec2:DeleteNetworkInterfacePermission',
        ],
        resources: [interfaces],
      }),
    ];
    for (const statement of statements) this.role.addToPrincipalPolicy(statement);
    unnamedResources(
      this,
      statements,
      'files of one revision of one model, and interfaces that SageMaker is about to make',
    );
    const unscoped = new Policy(this, 'Unscoped', {
      roles: [this.role],
      statements: [
        new PolicyStatement({
          actions: [
            'ecr:GetAuthorizationToken',
            'ec2:DescribeDhcpOptions',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSecurityGroups',
            'ec2:DescribeSubnets',
            'ec2:DescribeVpcs',
          ],
          resources: ['*'],
        }),
      ],
    });
    exempt(unscoped, {
      because: 'these calls know no resource: IAM takes them for everything or not at all; they change nothing',
      policies: ['rights-least'],
      nag: ['IAM5[Resource::*]'],
    });
    this.nodes = { role: this.role, unscoped };
  }
}
