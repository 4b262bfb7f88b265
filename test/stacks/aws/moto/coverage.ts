/** Of everybody, in moto. */
export const ACCOUNT = '123456789012';

/** How a resource of a type is made in moto. */
export type Coverage =
  /** By the stack, as CloudFormation makes it. */
  | { readonly by: 'stack'; readonly seen: Seen }
  /** By the call that CloudFormation makes for it, with the properties of the template: its stacks do not know the type. */
  | {
      readonly by: 'call';
      readonly seen: Seen;
      readonly service: string;
      readonly operation: string;
      /** What lies in the answer, by a path: the `Ref`, and attributes. Without a `ref` it is the name that is given. */
      readonly ref?: string;
      readonly attributes?: Readonly<Record<string, string>>;
      /** Parameter of the name, which CloudFormation makes up where the template has none. */
      readonly name?: string;
      /** Parameters that the operation calls otherwise. */
      readonly renamed?: Readonly<Record<string, string>>;
      /** What CloudFormation knows by itself. */
      readonly given?: Readonly<Record<string, string>>;
      /** Properties that it is not given, since they name what is not there. */
      readonly without?: readonly string[];
    }
  | { readonly by: 'nothing'; readonly because: string };

/** Read back through its service, or only taken without an objection. */
type Seen = 'read back' | 'accepted';

const stack = (seen: Seen): Coverage => ({ by: 'stack', seen });
const nothing = (because: string): Coverage => ({ by: 'nothing', because });
const NO_STACK = 'its stacks have no such type, and no call is made for it here';
const UNKNOWN = 'moto has no such service call and no such type';

/** Every type of our stacks: what moto says of it, and what it says nothing of. Reviewed; moto is not AWS. */
export const COVERAGE: Readonly<Record<string, Coverage>> = {
  'AWS::APS::RuleGroupsNamespace': nothing(NO_STACK),
  'AWS::APS::Workspace': nothing(NO_STACK),
  'AWS::AmazonMQ::Broker': {
    by: 'call',
    seen: 'read back',
    service: 'mq',
    operation: 'create_broker',
    ref: 'BrokerId',
    attributes: { Arn: 'BrokerArn' },
  },
  'AWS::AmazonMQ::Configuration': {
    by: 'call',
    seen: 'accepted',
    service: 'mq',
    operation: 'create_configuration',
    ref: 'Id',
    attributes: { Revision: 'LatestRevision.Revision' },
  },
  'AWS::Budgets::Budget': {
    by: 'call',
    seen: 'read back',
    service: 'budgets',
    operation: 'create_budget',
    given: { AccountId: ACCOUNT },
  },
  'AWS::CloudWatch::Alarm': {
    by: 'call',
    seen: 'read back',
    service: 'cloudwatch',
    operation: 'put_metric_alarm',
    name: 'AlarmName',
  },
  'AWS::CloudWatch::CompositeAlarm': nothing(NO_STACK),
  'AWS::CloudWatch::Dashboard': stack('accepted'),
  'AWS::EC2::EIP': stack('accepted'),
  'AWS::EC2::FlowLog': stack('read back'),
  'AWS::EC2::InternetGateway': stack('accepted'),
  'AWS::EC2::LaunchTemplate': stack('read back'),
  'AWS::EC2::NatGateway': stack('read back'),
  'AWS::EC2::Route': stack('accepted'),
  'AWS::EC2::RouteTable': stack('accepted'),
  'AWS::EC2::SecurityGroup': stack('read back'),
  'AWS::EC2::SecurityGroupEgress': nothing(UNKNOWN),
  'AWS::EC2::SecurityGroupIngress': stack('read back'),
  'AWS::EC2::Subnet': stack('read back'),
  'AWS::EC2::SubnetRouteTableAssociation': stack('accepted'),
  'AWS::EC2::VPC': stack('read back'),
  'AWS::EC2::VPCEndpoint': stack('read back'),
  'AWS::EC2::VPCGatewayAttachment': stack('accepted'),
  'AWS::ECR::Repository': stack('read back'),
  'AWS::EKS::AccessEntry': nothing(UNKNOWN),
  'AWS::EKS::Addon': nothing(UNKNOWN),
  'AWS::EKS::Cluster': {
    by: 'call',
    seen: 'read back',
    service: 'eks',
    operation: 'create_cluster',
    ref: 'cluster.name',
    attributes: { Arn: 'cluster.arn', Endpoint: 'cluster.endpoint' },
  },
  'AWS::EKS::Nodegroup': {
    by: 'call',
    seen: 'read back',
    service: 'eks',
    operation: 'create_nodegroup',
    ref: 'nodegroup.nodegroupName',
    name: 'NodegroupName',
  },
  'AWS::EKS::PodIdentityAssociation': nothing(UNKNOWN),
  'AWS::ElastiCache::ParameterGroup': nothing(UNKNOWN),
  'AWS::ElastiCache::ReplicationGroup': {
    by: 'call',
    seen: 'read back',
    service: 'elasticache',
    operation: 'create_replication_group',
    ref: 'ReplicationGroup.ReplicationGroupId',
  },
  'AWS::ElastiCache::SubnetGroup': {
    by: 'call',
    seen: 'accepted',
    service: 'elasticache',
    operation: 'create_cache_subnet_group',
    name: 'CacheSubnetGroupName',
    renamed: { Description: 'CacheSubnetGroupDescription' },
  },
  'AWS::ElastiCache::User': {
    by: 'call',
    seen: 'read back',
    service: 'elasticache',
    operation: 'create_user',
    ref: 'UserId',
    attributes: { Arn: 'ARN' },
  },
  'AWS::ElastiCache::UserGroup': nothing(UNKNOWN),
  'AWS::Events::Rule': stack('read back'),
  'AWS::Grafana::Workspace': nothing(NO_STACK),
  'AWS::IAM::ManagedPolicy': stack('read back'),
  'AWS::IAM::Policy': stack('read back'),
  'AWS::IAM::Role': stack('read back'),
  'AWS::KMS::Key': stack('read back'),
  'AWS::Lambda::Function': nothing('its code is a file that `cdk deploy` uploads first'),
  'AWS::Lambda::LayerVersion': nothing('its content is a file that `cdk deploy` uploads first'),
  'AWS::Logs::LogGroup': stack('read back'),
  'AWS::Logs::ResourcePolicy': nothing(NO_STACK),
  'AWS::MSK::Cluster': {
    by: 'call',
    seen: 'read back',
    service: 'kafka',
    operation: 'create_cluster',
    ref: 'ClusterArn',
    // Names a configuration, which is not there.
    without: ['ConfigurationInfo'],
  },
  'AWS::MSK::Configuration': nothing(UNKNOWN),
  'AWS::MSK::Topic': nothing(UNKNOWN),
  'AWS::RDS::DBCluster': {
    by: 'call',
    seen: 'read back',
    service: 'rds',
    operation: 'create_db_cluster',
    renamed: { PerformanceInsightsEnabled: 'EnablePerformanceInsights' },
    ref: 'DBCluster.DBClusterIdentifier',
    attributes: { 'Endpoint.Address': 'DBCluster.Endpoint', 'ReadEndpoint.Address': 'DBCluster.ReaderEndpoint' },
  },
  'AWS::RDS::DBClusterParameterGroup': {
    by: 'call',
    seen: 'accepted',
    service: 'rds',
    operation: 'create_db_cluster_parameter_group',
    name: 'DBClusterParameterGroupName',
    renamed: { Family: 'DBParameterGroupFamily' },
  },
  'AWS::RDS::DBInstance': {
    by: 'call',
    seen: 'read back',
    service: 'rds',
    operation: 'create_db_instance',
    name: 'DBInstanceIdentifier',
  },
  'AWS::RDS::DBSubnetGroup': {
    by: 'call',
    seen: 'accepted',
    service: 'rds',
    operation: 'create_db_subnet_group',
    name: 'DBSubnetGroupName',
  },
  // Without old versions, the block of public access and the lifecycle, which moto's stacks forget: the templates' tests hold those.
  'AWS::S3::Bucket': stack('read back'),
  'AWS::S3::BucketPolicy': {
    by: 'call',
    seen: 'read back',
    service: 's3',
    operation: 'put_bucket_policy',
    renamed: { PolicyDocument: 'Policy' },
  },
  'AWS::SNS::Subscription': nothing(NO_STACK),
  'AWS::SNS::Topic': stack('read back'),
  'AWS::SNS::TopicPolicy': nothing(NO_STACK),
  'AWS::SQS::Queue': stack('read back'),
  'AWS::SQS::QueuePolicy': nothing(
    'moto has no such type, and the call wants an address where the template has one too',
  ),
  'AWS::SSM::Parameter': { by: 'call', seen: 'read back', service: 'ssm', operation: 'put_parameter', name: 'Name' },
  'AWS::SecretsManager::Secret': {
    by: 'call',
    seen: 'read back',
    service: 'secretsmanager',
    operation: 'create_secret',
    ref: 'ARN',
    name: 'Name',
  },
  'AWS::XRay::TransactionSearchConfig': nothing(NO_STACK),
  'Custom::AWSCDK-EKS-HelmChart': nothing('a function answers it'),
  'Custom::AWSCDK-EKS-KubernetesResource': nothing('a function answers it'),
  'Custom::MskBootstrapBrokers': nothing('a function answers it'),
  'Custom::VpcRestrictDefaultSG': nothing('a function answers it'),
};
