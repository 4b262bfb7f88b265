import { expect } from '@jest/globals';
import type { Answer } from '../../../helpers/moto-server.ts';
import { ACCOUNT } from './coverage.ts';

/** A question to a service after the deployment. Ids stand as `{Type}`, or `{Type/part of the logical id}`. */
export interface Reading {
  readonly type: string;
  readonly stack: string;
  /** What holds when the answer is as expected. */
  readonly holds: string;
  readonly ask: readonly [service: string, operation: string, parameters: Answer];
  /** Parts of the answer. */
  readonly expected: Answer;
}

const reading = (type: string, stack: string, holds: string, ask: Reading['ask'], expected: Answer): Reading => ({
  type,
  stack,
  holds,
  ask,
  expected,
});

const holding = (...parts: readonly unknown[]): unknown => expect.arrayContaining([...parts]);
const some = (part: object): unknown => expect.objectContaining(part);
const KEY = expect.stringMatching(/^arn:aws:kms:eu-central-1:\d+:key\//);
const tagged = (part: string): unknown => holding({ Key: 'penstock:stack', Value: part });

const ARTIFACTS = 'mailroom-artifacts';
const NETWORK = 'shop-prod-network';
const CLUSTER = 'shop-prod-cluster';
const DATA = 'shop-prod-data';

const STORES: readonly Reading[] = [
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
    ['ecr', 'describe_repositories', { repositoryNames: ['{AWS::ECR::Repository/TaskQueue}'] }],
    { repositories: [some({ repositoryName: 'mailroom/task-queue', imageTagMutability: 'IMMUTABLE' })] },
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

const NETWORKS: readonly Reading[] = [
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

const CLUSTERS: readonly Reading[] = [
  reading(
    'AWS::EKS::Cluster',
    CLUSTER,
    'a cluster is reached from inside, and encrypts secrets by a key of ours',
    ['eks', 'describe_cluster', { name: 'shop-prod' }],
    {
      cluster: some({
        version: '1.36',
        resourcesVpcConfig: some({ endpointPublicAccess: false, endpointPrivateAccess: true }),
        encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: KEY } }],
        tags: some({ 'penstock:stack': 'cluster' }),
      }),
    },
  ),
  reading(
    'AWS::EKS::Nodegroup',
    CLUSTER,
    'system nodes are one a zone at least, by the template of their own',
    ['eks', 'describe_nodegroup', { clusterName: 'shop-prod', nodegroupName: '{AWS::EKS::Nodegroup}' }],
    {
      nodegroup: some({
        scalingConfig: some({ minSize: 3 }),
        amiType: 'BOTTLEROCKET_x86_64',
        launchTemplate: some({ id: expect.stringMatching(/^lt-/) }),
      }),
    },
  ),
  reading(
    'AWS::EC2::LaunchTemplate',
    CLUSTER,
    'a machine wants a token for its metadata, does not pass it on and encrypts its disks',
    ['ec2', 'describe_launch_template_versions', { LaunchTemplateId: '{AWS::EC2::LaunchTemplate}' }],
    {
      LaunchTemplateVersions: [
        some({
          LaunchTemplateData: some({
            MetadataOptions: some({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 }),
            BlockDeviceMappings: [
              some({ Ebs: some({ Encrypted: true }) }),
              some({ Ebs: some({ Encrypted: true, VolumeType: 'gp3' }) }),
            ],
          }),
        }),
      ],
    },
  ),
  reading(
    'AWS::SQS::Queue',
    CLUSTER,
    'news of interruptions are encrypted, and gone when they are old',
    ['sqs', 'get_queue_attributes', { QueueUrl: '{AWS::SQS::Queue}', AttributeNames: ['All'] }],
    { Attributes: some({ SqsManagedSseEnabled: 'true', MessageRetentionPeriod: '300' }) },
  ),
  reading(
    'AWS::Events::Rule',
    CLUSTER,
    'an interruption is heard of',
    ['events', 'describe_rule', { Name: '{AWS::Events::Rule/Spot}' }],
    { State: 'ENABLED', EventPattern: expect.stringContaining('EC2 Spot Instance Interruption Warning') },
  ),
  reading(
    'AWS::IAM::Role',
    CLUSTER,
    'the rights of Karpenter are those of its service account in this cluster',
    ['iam', 'get_role', { RoleName: '{AWS::IAM::Role/KarpenterControllerRole}' }],
    {
      Role: some({
        AssumeRolePolicyDocument: some({
          Statement: holding(
            some({
              Principal: { Service: 'pods.eks.amazonaws.com' },
              Condition: {
                StringEquals: some({
                  'aws:SourceAccount': ACCOUNT,
                  'aws:RequestTag/kubernetes-namespace': 'kube-system',
                  'aws:RequestTag/kubernetes-service-account': 'karpenter',
                }),
                ArnEquals: { 'aws:SourceArn': `arn:aws:eks:eu-central-1:${ACCOUNT}:cluster/shop-prod` },
              },
            }),
          ),
        }),
      }),
    },
  ),
  reading(
    'AWS::IAM::ManagedPolicy',
    CLUSTER,
    'IAM takes the policies of Karpenter by their length',
    ['iam', 'list_attached_role_policies', { RoleName: '{AWS::IAM::Role/KarpenterControllerRole}' }],
    { AttachedPolicies: [some({}), some({}), some({})] },
  ),
  reading(
    'AWS::SSM::Parameter',
    CLUSTER,
    'addresses are found by the names of their environment',
    ['ssm', 'get_parameter', { Name: '/shop/prod/karpenter-interruptions' }],
    { Parameter: some({ Value: expect.stringContaining('Interruptions') }) },
  ),
];

const BACKENDS: readonly Reading[] = [
  reading(
    'AWS::MSK::Cluster',
    DATA,
    'Kafka speaks TLS to who signs by IAM, is private, and encrypted by a key of ours',
    ['kafka', 'describe_cluster', { ClusterArn: '{AWS::MSK::Cluster}' }],
    {
      ClusterInfo: some({
        NumberOfBrokerNodes: 3,
        ClientAuthentication: { Sasl: { Iam: { Enabled: true } }, Unauthenticated: { Enabled: false } },
        BrokerNodeGroupInfo: some({ ConnectivityInfo: { PublicAccess: { Type: 'DISABLED' } } }),
        EncryptionInfo: {
          EncryptionAtRest: { DataVolumeKMSKeyId: KEY },
          EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true },
        },
        Tags: some({ 'penstock:stack': 'data' }),
      }),
    },
  ),
  reading(
    'AWS::RDS::DBCluster',
    DATA,
    'PostgreSQL is encrypted, protected, kept for two weeks and opened by tokens of IAM',
    ['rds', 'describe_db_clusters', { DBClusterIdentifier: '{AWS::RDS::DBCluster}' }],
    {
      DBClusters: [
        some({
          StorageEncrypted: true,
          KmsKeyId: KEY,
          DeletionProtection: true,
          BackupRetentionPeriod: 14,
          IAMDatabaseAuthenticationEnabled: true,
          MasterUserSecret: some({ SecretStatus: 'active' }),
          EnabledCloudwatchLogsExports: ['postgresql', 'iam-db-auth-error'],
          ServerlessV2ScalingConfiguration: some({ MinCapacity: 0.5, MaxCapacity: 8 }),
          DBClusterMembers: [some({ IsClusterWriter: true }), some({ IsClusterWriter: false })],
        }),
      ],
    },
  ),
  reading(
    'AWS::RDS::DBInstance',
    DATA,
    'a machine of PostgreSQL has no public address',
    ['rds', 'describe_db_instances', { DBInstanceIdentifier: '{AWS::RDS::DBInstance/Writer}' }],
    { DBInstances: [some({ PubliclyAccessible: false, StorageEncrypted: true, DBInstanceClass: 'db.serverless' })] },
  ),
  reading(
    'AWS::ElastiCache::ReplicationGroup',
    DATA,
    'Valkey speaks TLS alone, is encrypted and goes on without a zone',
    ['elasticache', 'describe_replication_groups', { ReplicationGroupId: '{AWS::ElastiCache::ReplicationGroup}' }],
    {
      ReplicationGroups: [
        some({
          Engine: 'valkey',
          TransitEncryptionEnabled: true,
          TransitEncryptionMode: 'required',
          AtRestEncryptionEnabled: true,
          KmsKeyId: KEY,
          AutomaticFailover: 'enabled',
          MultiAZ: 'enabled',
          SnapshotRetentionLimit: 7,
        }),
      ],
    },
  ),
  reading(
    'AWS::ElastiCache::User',
    DATA,
    'who connects to Valkey signs by IAM, and has keys of their own',
    ['elasticache', 'describe_users', { UserId: '{AWS::ElastiCache::User}' }],
    { Users: [some({ Authentication: { Type: 'iam' }, AccessString: 'on ~web:* +@all -@admin -@dangerous +info' })] },
  ),
  reading(
    'AWS::AmazonMQ::Broker',
    DATA,
    'RabbitMQ is private, in three zones, logged and encrypted by a key of ours',
    ['mq', 'describe_broker', { BrokerId: '{AWS::AmazonMQ::Broker}' }],
    {
      PubliclyAccessible: false,
      DeploymentMode: 'CLUSTER_MULTI_AZ',
      EncryptionOptions: { KmsKeyId: KEY, UseAwsOwnedKey: false },
      Logs: { General: true },
    },
  ),
  reading(
    'AWS::SecretsManager::Secret',
    DATA,
    'the first user of RabbitMQ is kept under a key of ours',
    ['secretsmanager', 'describe_secret', { SecretId: '{AWS::SecretsManager::Secret}' }],
    { KmsKeyId: KEY, Tags: tagged('data') },
  ),
];

export const READINGS: readonly Reading[] = [...STORES, ...NETWORKS, ...CLUSTERS, ...BACKENDS];
