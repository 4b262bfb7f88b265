interface Group {
  readonly because: string;
  readonly fields: readonly RegExp[];
}

/** Types whose properties decide who gets in, what is encrypted, what is kept and what is logged. */
export const JUDGED: readonly string[] = [
  'AWS::AmazonMQ::Broker',
  'AWS::EC2::FlowLog',
  'AWS::EC2::LaunchTemplate',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::ECR::Repository',
  'AWS::EKS::Addon',
  'AWS::EKS::Cluster',
  'AWS::EKS::Nodegroup',
  'AWS::EKS::PodIdentityAssociation',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::ElastiCache::ServerlessCache',
  'AWS::ElastiCache::User',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
  'AWS::MSK::Cluster',
  'AWS::MSK::ServerlessCluster',
  'AWS::MSK::Topic',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SQS::Queue',
  'AWS::SageMaker::Model',
  'AWS::SecretsManager::Secret',
];

export const NOT_SAFETY: readonly Group[] = [
  {
    because: 'AWS refuses the resource without it, or with the opposite, and CloudFormation takes the change back',
    fields: [
      /^AWS::AmazonMQ::Broker Properties\/(BrokerName|EngineType|HostInstanceType|Configuration\/.*|Users\/.*|EncryptionOptions\/UseAwsOwnedKey)$/,
      /^AWS::EC2::FlowLog Properties\/(DeliverLogsPermissionArn|LogDestinationType|LogGroupName|ResourceType)$/,
      /^AWS::EC2::LaunchTemplate .*\/(DeviceName|DeviceIndex|InterfaceType|NetworkCardIndex)$/,
      /^AWS::EC2::SecurityGroup Properties\/(GroupDescription|SecurityGroupEgress\/.*|VpcId)$/,
      /^AWS::EC2::SecurityGroupIngress Properties\/(GroupId|IpProtocol|SourceSecurityGroupId|FromPort|ToPort)$/,
      /^AWS::EKS::Addon Properties\/(AddonName|ClusterName|PodIdentityAssociations\/.*)$/,
      /^AWS::EKS::Cluster Properties\/(RoleArn|ResourcesVpcConfig\/EndpointPrivateAccess|ComputeConfig\/.*|KubernetesNetworkConfig\/ElasticLoadBalancing\/Enabled|StorageConfig\/.*)$/,
      /^AWS::EKS::Nodegroup Properties\/(ClusterName|NodeRole|LaunchTemplate\/.*|Taints\/\*\/(Effect|Key))$/,
      /^AWS::EKS::PodIdentityAssociation Properties\/(ClusterName|Namespace|RoleArn|ServiceAccount)$/,
      /^AWS::ElastiCache::\w+ Properties\/(Engine|CacheNodeType|ReplicationGroupDescription|ServerlessCacheName|UserId|UserName|CacheUsageLimits\/.*|LogDeliveryConfigurations\/.*)$/,
      /^AWS::KMS::Key Properties\/KeyPolicy\/(Version|Statement\/\*\/(Effect|Resource|Action(\/\*)?|Principal\/\w+))$/,
      /^AWS::MSK::(Serverless)?Cluster Properties\/(ClusterName|KafkaVersion|NumberOfBrokerNodes|ConfigurationInfo\/.*|BrokerNodeGroupInfo\/(ClientSubnets\/\*|InstanceType|StorageInfo\/.*)|LoggingInfo\/.*\/LogGroup|VpcConfigs\/\*\/SubnetIds\/\*)$/,
      /^AWS::MSK::Topic Properties\/(ClusterArn|PartitionCount|ReplicationFactor|TopicName)$/,
      /^AWS::RDS::DBCluster Properties\/(Engine|DBClusterIdentifier|MasterUsername|ManageMasterUserPassword|MonitoringRoleArn|MonitoringInterval|PerformanceInsights\w+|ServerlessV2ScalingConfiguration\/.*)$/,
      /^AWS::RDS::DBInstance Properties\/(DBClusterIdentifier|DBInstanceClass|Engine)$/,
      /^AWS::S3::Bucket Properties\/(BucketEncryption\/.*\/SSEAlgorithm|VersioningConfiguration\/Status|OwnershipControls\/.*|LifecycleConfiguration\/.*)$/,
      /^AWS::S3::BucketPolicy Properties\/PolicyDocument\/(Version|Statement\/.*)$/,
      /^AWS::SecretsManager::Secret Properties\/GenerateSecretString\/(GenerateStringKey|SecretStringTemplate)$/,
      /^AWS::SageMaker::Model Properties\/(ExecutionRoleArn|PrimaryContainer\/.*|VpcConfig\/.*)$/,
    ],
  },
  {
    because: 'what is left out is what stands there: the default of the service',
    fields: [
      /^AWS::EC2::LaunchTemplate .*\/(MetadataOptions\/HttpEndpoint|Ebs\/VolumeType)$/,
      /^AWS::EKS::Cluster Properties\/KubernetesNetworkConfig\/IpFamily$/,
      /^AWS::EKS::Nodegroup Properties\/(CapacityType|UpdateConfig\/MaxUnavailable)$/,
      /^AWS::ElastiCache::ReplicationGroup Properties\/(TransitEncryptionMode|ClusterMode|NumNodeGroups)$/,
      /^AWS::MSK::Cluster Properties\/BrokerNodeGroupInfo\/ConnectivityInfo\/PublicAccess\/Type$/,
      /^AWS::RDS::DBCluster Properties\/Port$/,
    ],
  },
  {
    because: 'without a group or subnets of its own it gets those of the default, which nobody is let into',
    fields: [
      /^AWS::AmazonMQ::Broker Properties\/(SecurityGroups|SubnetIds)\/\*$/,
      /^AWS::EC2::LaunchTemplate .*\/(SecurityGroupIds|Groups)\/\*$/,
      /^AWS::ElastiCache::\w+ Properties\/(CacheSubnetGroupName|SecurityGroupIds\/\*|SubnetIds\/\*)$/,
      /^AWS::MSK::(Serverless)?Cluster .*\/SecurityGroups\/\*$/,
      /^AWS::RDS::DBCluster Properties\/(DBSubnetGroupName|VpcSecurityGroupIds\/\*)$/,
      /^AWS::EKS::Nodegroup Properties\/Subnets\/\*$/,
    ],
  },
  {
    because:
      'it names, describes or tags for people and bills, or for the autoscaler, which then finds nothing to grow',
    fields: [
      /Properties\/(Tags|Labels)\//,
      /^AWS::EC2::LaunchTemplate .*\/TagSpecifications\//,
      /^AWS::EC2::SecurityGroupIngress Properties\/Description$/,
      /^AWS::ECR::Repository Properties\/RepositoryName$/,
      /^AWS::EKS::(Cluster|Nodegroup) Properties\/(Name|NodegroupName)$/,
      /^AWS::ElastiCache::ReplicationGroup Properties\/ReplicationGroupId$/,
      /^AWS::(KMS::Key|SecretsManager::Secret) Properties\/Description$/,
      /^AWS::Logs::LogGroup Properties\/LogGroupName$/,
      /^AWS::RDS::DBCluster Properties\/(CopyTagsToSnapshot|DatabaseName)$/,
    ],
  },
  {
    because: 'it says how large, how fast, how many or which version: numbers that are held where they are made',
    fields: [
      /^AWS::AmazonMQ::Broker Properties\/(AutoMinorVersionUpgrade|EngineVersion)$/,
      /^AWS::EC2::LaunchTemplate .*\/(VolumeSize|DeleteOnTermination|GroupName|UserData)$/,
      /^AWS::EC2::FlowLog Properties\/MaxAggregationInterval$/,
      /^AWS::EKS::Addon Properties\/ResolveConflicts$/,
      /^AWS::EKS::Cluster Properties\/BootstrapSelfManagedAddons$/,
      /^AWS::EKS::Nodegroup Properties\/(AmiType|InstanceTypes\/\*|ScalingConfig\/.*|NodeRepairConfig\/Enabled|Taints\/\*\/Value)$/,
      /^AWS::ElastiCache::\w+ Properties\/(EngineVersion|MajorEngineVersion|CacheParameterGroupName|ReplicasPerNodeGroup)$/,
      /^AWS::MSK::Cluster Properties\/(EnhancedMonitoring|OpenMonitoring\/.*)$/,
      /^AWS::MSK::Topic Properties\/Configs$/,
      /^AWS::RDS::DBCluster Properties\/(EngineVersion|DBClusterParameterGroupName|EnableCloudwatchLogsExports\/\*)$/,
      /^AWS::RDS::DBInstance Properties\/PromotionTier$/,
      /^AWS::S3::Bucket Properties\/BucketEncryption\/.*\/(BucketKeyEnabled|KMSMasterKeyID)$/,
      /^AWS::SQS::Queue Properties\/MessageRetentionPeriod$/,
      /^AWS::SecretsManager::Secret Properties\/GenerateSecretString\/(ExcludePunctuation|PasswordLength)$/,
      /^AWS::ECR::Repository Properties\/LifecyclePolicy\/LifecyclePolicyText$/,
    ],
  },
  {
    because: 'what goes with it is not the data: a member of a cluster, news of minutes, logs of what is gone too',
    fields: [/^AWS::(RDS::DBInstance|SQS::Queue|Logs::LogGroup) (DeletionPolicy|UpdateReplacePolicy)$/],
  },
  {
    because: 'the account itself decides who of its own uses the key, and does so by the first statement already',
    fields: [/^AWS::KMS::Key .*\/kms:ViaService$/],
  },
  {
    because: 'RDS then keeps the password under a key of its own, which rights in the account alone do not open',
    fields: [/^AWS::RDS::DBCluster Properties\/MasterUserSecret\/KmsKeyId$/],
  },
];
