import { expect } from '@jest/globals';
import { ACCOUNT } from './coverage.ts';
import { holding, type Reading, reading, some, tagged } from './reading.ts';

const ARTIFACTS = 'mailroom-artifacts';
const NETWORK = 'shop-prod-network';

/** What is there before a cluster. */
export const STORES: readonly Reading[] = [
  reading(
    'AWS::S3::Bucket',
    ARTIFACTS,
    'weights are encrypted',
    ['s3', 'get_bucket_encryption', { Bucket: '{AWS::S3::Bucket}' }],
    {
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    },
  ),
  reading(
    'AWS::S3::BucketPolicy',
    ARTIFACTS,
    'weights are read by TLS alone',
    ['s3', 'get_bucket_policy', { Bucket: '{AWS::S3::Bucket}' }],
    { Policy: expect.stringMatching(/"aws:SecureTransport": "false"\}\}, "Effect": "Deny"/) },
  ),
  reading(
    'AWS::ECR::Repository',
    ARTIFACTS,
    'the tag of an image never moves',
    ['ecr', 'describe_repositories', { repositoryNames: ['{AWS::ECR::Repository/MailClassifier}'] }],
    { repositories: [some({ repositoryName: 'mailroom/mail-classifier', imageTagMutability: 'IMMUTABLE' })] },
  ),
  reading(
    'AWS::Budgets::Budget',
    'shop-prod-spending',
    'a budget counts one environment',
    ['budgets', 'describe_budgets', { AccountId: ACCOUNT }],
    {
      Budgets: [
        some({
          BudgetLimit: { Amount: '15000', Unit: 'USD' },
          CostFilters: { TagKeyValue: ['user:penstock:environment$shop-prod'] },
        }),
      ],
    },
  ),
  reading(
    'AWS::Budgets::Budget',
    'shop-prod-spending',
    'a budget warns of what is spent and of what will be',
    ['budgets', 'describe_notifications_for_budget', { AccountId: ACCOUNT, BudgetName: 'shop-prod' }],
    {
      Notifications: [
        some({ NotificationType: 'ACTUAL', Threshold: 80 }),
        some({ NotificationType: 'FORECASTED', Threshold: 100 }),
      ],
    },
  ),
];

export const NETWORKS: readonly Reading[] = [
  reading(
    'AWS::EC2::VPC',
    NETWORK,
    'a network has the range and the tags of its environment',
    ['ec2', 'describe_vpcs', { VpcIds: ['{AWS::EC2::VPC}'] }],
    { Vpcs: [some({ CidrBlock: '10.40.0.0/16', Tags: tagged('network') })] },
  ),
  reading(
    'AWS::EC2::Subnet',
    NETWORK,
    'a node gets no public address, and Karpenter finds its subnet',
    ['ec2', 'describe_subnets', { SubnetIds: ['{AWS::EC2::Subnet/NodesSubnet1}'] }],
    {
      Subnets: [
        some({
          CidrBlock: '10.40.0.0/18',
          MapPublicIpOnLaunch: false,
          Tags: holding({ Key: 'karpenter.sh/discovery', Value: 'shop-prod' }),
        }),
      ],
    },
  ),
  reading(
    'AWS::EC2::Subnet',
    NETWORK,
    'not even an edge gives public addresses unasked',
    ['ec2', 'describe_subnets', { SubnetIds: ['{AWS::EC2::Subnet/EdgeSubnet1}'] }],
    { Subnets: [some({ MapPublicIpOnLaunch: false })] },
  ),
  reading('AWS::EC2::NatGateway', NETWORK, 'each zone has a way out of its own', ['ec2', 'describe_nat_gateways', {}], {
    NatGateways: [some({ State: 'available' }), some({ State: 'available' }), some({ State: 'available' })],
  }),
  reading('AWS::EC2::FlowLog', NETWORK, 'all that flows is logged', ['ec2', 'describe_flow_logs', {}], {
    FlowLogs: [some({ TrafficType: 'ALL', LogGroupName: '/penstock/shop-prod/flow', MaxAggregationInterval: 600 })],
  }),
  reading(
    'AWS::EC2::VPCEndpoint',
    NETWORK,
    'images come by an endpoint in the subnets of nodes, under its usual name',
    ['ec2', 'describe_vpc_endpoints', { VpcEndpointIds: ['{AWS::EC2::VPCEndpoint/ecrapi}'] }],
    { VpcEndpoints: [some({ ServiceName: 'com.amazonaws.eu-central-1.ecr.api', PrivateDnsEnabled: true })] },
  ),
  reading(
    'AWS::EC2::SecurityGroup',
    NETWORK,
    'nodes are found by Karpenter, and let in each other alone',
    ['ec2', 'describe_security_groups', { GroupIds: ['{AWS::EC2::SecurityGroup/NodeSecurityGroup}'] }],
    {
      SecurityGroups: [
        some({
          Tags: holding({ Key: 'karpenter.sh/discovery', Value: 'shop-prod' }),
          IpPermissions: holding(
            some({ IpProtocol: '-1', IpRanges: [], UserIdGroupPairs: [some({ GroupId: expect.any(String) })] }),
          ),
        }),
      ],
    },
  ),
  reading(
    'AWS::EC2::SecurityGroupIngress',
    NETWORK,
    'endpoints let in nodes by TLS and nobody else',
    ['ec2', 'describe_security_groups', { GroupIds: ['{AWS::EC2::SecurityGroup/EndpointSecurityGroup}'] }],
    { SecurityGroups: [some({ IpPermissions: [some({ FromPort: 443, ToPort: 443, IpRanges: [] })] })] },
  ),
  reading(
    'AWS::Logs::LogGroup',
    NETWORK,
    'flow logs are kept for a year',
    ['logs', 'describe_log_groups', { logGroupNamePrefix: '/penstock' }],
    { logGroups: [some({ retentionInDays: 365 })] },
  ),
  reading(
    'AWS::KMS::Key',
    NETWORK,
    'the key of flow logs turns',
    ['kms', 'get_key_rotation_status', { KeyId: '{AWS::KMS::Key}' }],
    { KeyRotationEnabled: true },
  ),
  reading(
    'AWS::IAM::Policy',
    NETWORK,
    'who writes flow logs has one policy',
    ['iam', 'list_role_policies', { RoleName: '{AWS::IAM::Role/FlowLog}' }],
    { PolicyNames: [expect.stringContaining('FlowLog')] },
  ),
];
