import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';

export interface KarpenterRightsProps {
  readonly stack: Stack;
  /** Name of the cluster, a plain text: keys of conditions are made of it. */
  readonly cluster: string;
  readonly nodeRole: Role;
  readonly queue: Queue;
}

type Rights = Readonly<Record<'Machines' | 'Profiles' | 'Discovery', readonly PolicyStatement[]>>;

/**
 * What the controller may do, as Karpenter 1.14 asks for it: it makes what it tags as this cluster's, and changes and
 * deletes what is tagged so. In three policies, because one may hold 6,144 characters.
 */
export function karpenterRights({ stack, cluster, nodeRole, queue }: KarpenterRightsProps): Rights {
  const { region } = stack;
  const ec2 = (...kinds: readonly string[]): string[] =>
    kinds.map((kind) => stack.formatArn({ service: 'ec2', resource: kind, resourceName: '*' }));
  const shared = (kind: string): string =>
    stack.formatArn({ service: 'ec2', account: '', resource: kind, resourceName: '*' });
  const profiles = [stack.formatArn({ service: 'iam', region: '', resource: 'instance-profile', resourceName: '*' })];
  const owned = `kubernetes.io/cluster/${cluster}`;
  const requested = { [`aws:RequestTag/${owned}`]: 'owned', 'aws:RequestTag/eks:eks-cluster-name': cluster };
  const existing = { [`aws:ResourceTag/${owned}`]: 'owned' };
  const here = (where: 'Request' | 'Resource') => ({ [`aws:${where}Tag/topology.kubernetes.io/region`]: region });
  const pool = (where: 'Request' | 'Resource') => ({ [`aws:${where}Tag/karpenter.sh/nodepool`]: '*' });
  const nodeClass = (where: 'Request' | 'Resource') => ({ [`aws:${where}Tag/karpenter.k8s.aws/ec2nodeclass`]: '*' });
  const made = ec2('fleet', 'instance', 'volume', 'network-interface', 'launch-template', 'spot-instances-request');
  return {
    Machines: [
      new PolicyStatement({
        actions: ['ec2:RunInstances', 'ec2:CreateFleet'],
        resources: [
          shared('image'),
          shared('snapshot'),
          ...ec2('security-group', 'subnet', 'capacity-reservation', 'placement-group'),
        ],
      }),
      new PolicyStatement({
        actions: ['ec2:RunInstances', 'ec2:CreateFleet'],
        resources: ec2('launch-template'),
        conditions: { StringEquals: existing, StringLike: pool('Resource') },
      }),
      new PolicyStatement({
        actions: ['ec2:RunInstances', 'ec2:CreateFleet', 'ec2:CreateLaunchTemplate'],
        resources: made,
        conditions: { StringEquals: requested, StringLike: pool('Request') },
      }),
      new PolicyStatement({
        actions: ['ec2:CreateTags'],
        resources: made,
        conditions: {
          StringEquals: { ...requested, 'ec2:CreateAction': ['RunInstances', 'CreateFleet', 'CreateLaunchTemplate'] },
          StringLike: pool('Request'),
        },
      }),
      new PolicyStatement({
        actions: ['ec2:CreateTags'],
        resources: ec2('instance'),
        conditions: {
          StringEquals: existing,
          StringLike: pool('Resource'),
          StringEqualsIfExists: { 'aws:RequestTag/eks:eks-cluster-name': cluster },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['eks:eks-cluster-name', 'karpenter.sh/nodeclaim', 'Name'] },
        },
      }),
      new PolicyStatement({
        actions: ['ec2:TerminateInstances', 'ec2:DeleteLaunchTemplate'],
        resources: ec2('instance', 'launch-template'),
        conditions: { StringEquals: existing, StringLike: pool('Resource') },
      }),
    ],
    Profiles: [
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [nodeRole.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
      }),
      new PolicyStatement({
        actions: ['iam:CreateInstanceProfile'],
        resources: profiles,
        conditions: { StringEquals: { ...requested, ...here('Request') }, StringLike: nodeClass('Request') },
      }),
      new PolicyStatement({
        actions: ['iam:TagInstanceProfile'],
        resources: profiles,
        conditions: {
          StringEquals: { ...existing, ...here('Resource'), ...requested, ...here('Request') },
          StringLike: { ...nodeClass('Resource'), ...nodeClass('Request') },
        },
      }),
      new PolicyStatement({
        actions: ['iam:AddRoleToInstanceProfile', 'iam:RemoveRoleFromInstanceProfile', 'iam:DeleteInstanceProfile'],
        resources: profiles,
        conditions: { StringEquals: { ...existing, ...here('Resource') }, StringLike: nodeClass('Resource') },
      }),
      new PolicyStatement({ actions: ['iam:GetInstanceProfile'], resources: profiles }),
    ],
    Discovery: [
      new PolicyStatement({
        actions: [
          'ec2:DescribeCapacityReservations',
          'ec2:DescribeImages',
          'ec2:DescribeInstances',
          'ec2:DescribeInstanceStatus',
          'ec2:DescribeInstanceTypeOfferings',
          'ec2:DescribeInstanceTypes',
          'ec2:DescribeLaunchTemplates',
          'ec2:DescribePlacementGroups',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSpotPriceHistory',
          'ec2:DescribeSubnets',
        ],
        // These know no resource; the region is what can be held.
        resources: ['*'],
        conditions: { StringEquals: { 'aws:RequestedRegion': region } },
      }),
      // Neither do these, and both answer for all regions from one.
      new PolicyStatement({ actions: ['pricing:GetProducts', 'iam:ListInstanceProfiles'], resources: ['*'] }),
      new PolicyStatement({
        actions: ['ssm:GetParameter'],
        resources: [
          stack.formatArn({ service: 'ssm', account: '', resource: 'parameter', resourceName: 'aws/service/*' }),
        ],
      }),
      new PolicyStatement({
        actions: ['eks:DescribeCluster'],
        resources: [stack.formatArn({ service: 'eks', resource: 'cluster', resourceName: cluster })],
      }),
      new PolicyStatement({
        actions: ['sqs:DeleteMessage', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
        resources: [queue.queueArn],
      }),
    ],
  };
}
