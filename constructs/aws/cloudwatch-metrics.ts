/** A metric that a service of Amazon sends to CloudWatch by itself, free of charge at the level that we ask for. */
interface ServiceMetric {
  readonly namespace: string;
  readonly name: string;
  /** All of them: CloudWatch finds nothing under a part. */
  readonly dimensions: readonly string[];
  /** The page of Amazon's documentation that lists it. */
  readonly source: string;
}

const KAFKA = { namespace: 'AWS/Kafka', source: 'MSK developer guide, metrics-details' } as const;
const AURORA = {
  namespace: 'AWS/RDS',
  dimensions: ['DBClusterIdentifier'],
  source: 'Aurora user guide, Aurora.AuroraMonitoring.Metrics',
} as const;
const VALKEY = {
  namespace: 'AWS/ElastiCache',
  dimensions: ['CacheClusterId', 'CacheNodeId'],
  source: 'ElastiCache user guide, CacheMetrics.Redis',
} as const;
const RABBITMQ = {
  namespace: 'AWS/AmazonMQ',
  dimensions: ['Broker'],
  source: 'Amazon MQ developer guide, rabbitmq-logging-monitoring',
} as const;
const EKS = {
  namespace: 'AWS/EKS',
  dimensions: ['ClusterName'],
  source: 'EKS user guide, cloudwatch (vended metrics of the control plane)',
} as const;
const SAGEMAKER = { namespace: 'AWS/SageMaker', source: 'SageMaker developer guide, monitoring-cloudwatch' } as const;

const BEDROCK = {
  namespace: 'AWS/Bedrock',
  dimensions: ['ModelId'],
  source: 'Bedrock user guide, monitoring-runtime-metrics',
} as const;

/** Every metric that an alarm of ours looks at, as Amazon documents it. A misspelt one never has a value. */
export const METRICS = {
  topicLag: { ...KAFKA, name: 'SumOffsetLag', dimensions: ['Cluster Name', 'Consumer Group', 'Topic'] },
  topicBytes: { ...KAFKA, name: 'BytesInPerSec', dimensions: ['Cluster Name', 'Broker ID', 'Topic'] },
  controllers: { ...KAFKA, name: 'ActiveControllerCount', dimensions: ['Cluster Name'] },
  offlinePartitions: { ...KAFKA, name: 'OfflinePartitionsCount', dimensions: ['Cluster Name'] },
  underMinInsync: { ...KAFKA, name: 'UnderMinIsrPartitionCount', dimensions: ['Cluster Name', 'Broker ID'] },
  underReplicated: { ...KAFKA, name: 'UnderReplicatedPartitions', dimensions: ['Cluster Name', 'Broker ID'] },
  kafkaDisk: { ...KAFKA, name: 'KafkaDataLogsDiskUsed', dimensions: ['Cluster Name', 'Broker ID'] },
  connections: { ...AURORA, name: 'DatabaseConnections' },
  replicaLag: { ...AURORA, name: 'AuroraReplicaLagMaximum' },
  capacityUnits: { ...AURORA, name: 'ServerlessDatabaseCapacity' },
  transactionAge: { ...AURORA, name: 'MaximumUsedTransactionIDs' },
  cacheMemory: { ...VALKEY, name: 'DatabaseMemoryUsagePercentage' },
  cacheReplicaLag: { ...VALKEY, name: 'ReplicationLag' },
  cacheThrottled: { ...VALKEY, name: 'ThrottledCmds', dimensions: ['clusterId'] },
  memoryUsed: { ...RABBITMQ, name: 'RabbitMQMemUsed' },
  memoryLimit: { ...RABBITMQ, name: 'RabbitMQMemLimit' },
  diskFree: { ...RABBITMQ, name: 'RabbitMQDiskFree' },
  diskLimit: { ...RABBITMQ, name: 'RabbitMQDiskFreeLimit' },
  messagesReady: { ...RABBITMQ, name: 'MessageReadyCount' },
  consumers: { ...RABBITMQ, name: 'ConsumerCount' },
  apiRequests: { ...EKS, name: 'apiserver_request_total' },
  unschedulablePods: { ...EKS, name: 'scheduler_pending_pods_UNSCHEDULABLE' },
  clusterStore: { ...EKS, name: 'apiserver_storage_size_bytes' },
  modelLatency: { ...SAGEMAKER, name: 'ModelLatency', dimensions: ['EndpointName', 'VariantName'] },
  modelErrors: { ...SAGEMAKER, name: 'Invocation5XXErrors', dimensions: ['EndpointName', 'VariantName'] },
  asyncBacklog: { ...SAGEMAKER, name: 'ApproximateBacklogSize', dimensions: ['EndpointName'] },
  backlogUnserved: { ...SAGEMAKER, name: 'HasBacklogWithoutCapacity', dimensions: ['EndpointName'] },
  bedrockLatency: { ...BEDROCK, name: 'InvocationLatency' },
  bedrockThrottles: { ...BEDROCK, name: 'InvocationThrottles' },
  bedrockErrors: { ...BEDROCK, name: 'InvocationServerErrors' },
  notificationsFailed: {
    namespace: 'AWS/Prometheus',
    name: 'AlertManagerNotificationsFailed',
    dimensions: ['Workspace'],
    source: 'Amazon Managed Service for Prometheus user guide, AMP-CW-usage-metrics',
  },
} as const satisfies Readonly<Record<string, ServiceMetric>>;

export type MetricId = keyof typeof METRICS;

/** The dimensions of a metric with their values: one that is left out does not typecheck. */
export type DimensionsOf<M extends MetricId> = Readonly<Record<(typeof METRICS)[M]['dimensions'][number], string>>;
