import { expect } from '@jest/globals';
import { ACCOUNT } from './coverage.ts';
import { NETWORKS, STORES } from './network-readings.ts';
import { holding, KEY, type Reading, reading, some, tagged } from './reading.ts';

const CLUSTER = 'shop-prod-cluster';
const DATA = 'shop-prod-data';

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

const ALERTS: readonly Reading[] = [
  reading(
    'AWS::SNS::Topic',
    'shop-prod-observability',
    'pages are encrypted by a key of ours',
    ['sns', 'get_topic_attributes', { TopicArn: '{AWS::SNS::Topic/Pages}' }],
    { Attributes: some({ KmsMasterKeyId: KEY }) },
  ),
  reading(
    'AWS::CloudWatch::Alarm',
    'shop-prod-observability',
    'somebody is paged when the API of the cluster is silent',
    ['cloudwatch', 'describe_alarms', { AlarmNamePrefix: 'shop-prod-PenstockClusterSilent' }],
    {
      MetricAlarms: [
        some({ ActionsEnabled: true, AlarmActions: [`arn:aws:sns:eu-central-1:${ACCOUNT}:shop-prod-page`] }),
      ],
    },
  ),
];

export const READINGS: readonly Reading[] = [...STORES, ...NETWORKS, ...CLUSTERS, ...BACKENDS, ...ALERTS];
