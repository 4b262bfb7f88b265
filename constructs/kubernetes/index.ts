export {
  ALERT_NAMES,
  type AlertName,
  BROKER_ALERT_NAMES,
  PLATFORM_ALERT_NAMES,
  type Runbooks,
} from '../monitoring/alert.ts';
export { emit, type Override } from './api-object.ts';
export { AuthorityIssuer, type AuthorityIssuerProps } from './authority-issuer.ts';
export { AutoModeNetworkPolicies } from './auto-mode-network.ts';
export {
  AutoModeGpuPool,
  type AutoModeGpuPoolProps,
  AutoModeNodePool,
  type AutoModeNodePoolProps,
} from './auto-mode-nodes.ts';
export { ClusterSecretStore, type ClusterSecretStoreProps } from './cluster-secret-store.ts';
export type { IssuerReference } from './crd/certificate.ts';
export type { KafkaAuthentication } from './crd/kafka.ts';
export { CronWork, type CronWorkProps } from './cron-work.ts';
export { DEVICE_PLUGIN_CONFIG, DevicePluginConfig, type DevicePluginConfigProps } from './device-plugin-config.ts';
export { EbsStorageClass, type EbsStorageClassProps } from './ebs-storage-class.ts';
export { EdgeRoute, type EdgeRouteProps, type RoutableServer, type RouteMatch } from './edge-route.ts';
export { EffectVolume, type EffectVolumeProps } from './effect-volume.ts';
export { type Footprint, footprintsOf, rolledOut } from './footprint.ts';
export type { GpuAllocation } from './gpu-devices.ts';
export {
  type Al2023Image,
  type BottlerocketImage,
  type GpuCapacity,
  type GpuNodeImage,
  GpuNodePool,
  type GpuNodePoolProps,
} from './gpu-node-pool.ts';
export { GpuQuota, type GpuQuotaProps, type QuotaCohort, type QuotaShare } from './gpu-quota.ts';
export {
  type GpuPlacement,
  type GpuSharing,
  gpuPlacement,
  type MigSharing,
  sharingOf,
  type TimeSlicing,
} from './gpu-sharing.ts';
export { HttpService, type HttpServiceNodes, type HttpServiceProps } from './http-service.ts';
export { ImageReference } from './image.ts';
export { InferenceServer, type InferenceServerProps } from './inference-server.ts';
export {
  consumerSpec,
  deadLetterStreamSpec,
  JetStreamQueue,
  type JetStreamQueueProps,
  streamSpec,
} from './jetstream-queue.ts';
export { JobAutoscaler, type JobAutoscalerProps } from './job-autoscaler.ts';
export { KafkaCluster, type KafkaClusterNodes, type KafkaClusterProps, type KafkaSize } from './kafka-cluster.ts';
export type { KafkaDurability } from './kafka-config.ts';
export type { KafkaNodeSize } from './kafka-pods.ts';
export { KafkaService, type KafkaServiceProps } from './kafka-service.ts';
export { KafkaTopic, type KafkaTopicProps } from './kafka-topic.ts';
export { type KafkaFiles, KafkaUser, type KafkaUserProps } from './kafka-user.ts';
export { type ArrivalRate, jetStreamArrivals, type PrometheusRateProps, prometheusRate } from './keda/arrival-rate.ts';
export {
  type Backlog,
  jetStreamLag,
  type KafkaBrokers,
  type KafkaLagProps,
  kafkaLag,
  type PostgresRowsProps,
  postgresRows,
  type RabbitMqLengthProps,
  type RedisStreamLagProps,
  rabbitMqLength,
  redisStreamLag,
} from './keda/backlog.ts';
export { type JobSignalProps, jobsArrivals, jobsBacklog } from './keda/jobs.ts';
export { kafkaCredentials } from './keda/kafka-credentials.ts';
export { TOPOLOGY_ANNOTATION } from './labels.ts';
export { Migration, type MigrationProps } from './migration.ts';
export { BrokerMonitor, type BrokerMonitorProps, type MonitoredBroker } from './monitoring/broker-monitor.ts';
export type { Collector } from './monitoring/collector.ts';
export { PlatformMonitoring, type PlatformMonitoringProps } from './monitoring/platform-monitoring.ts';
export { TraceCollector, type TraceCollectorNodes, type TraceCollectorProps } from './monitoring/trace-collector.ts';
export { type TraceBackend, traceCollectorConfig } from './monitoring/trace-collector-config.ts';
export { TRACE_PORTS, TraceService } from './monitoring/trace-service.ts';
export { NamespaceBaseline, type NamespaceBaselineProps } from './namespace-baseline.ts';
export { NatsAccount, type NatsAccountProps } from './nats-account.ts';
export { type NatsKeys, natsClientsOf, natsWorkloads } from './nats-clients.ts';
export { NatsCluster, type NatsClusterNodes, type NatsClusterProps, type NatsSize } from './nats-cluster.ts';
export { type NatsDurability, natsConfig } from './nats-config.ts';
export type { NatsClient, NatsGrant } from './nats-permissions.ts';
export type { NatsTls } from './nats-pods.ts';
export { NatsService, type NatsServiceProps } from './nats-service.ts';
export { type NatsAccess, NatsUser, type NatsUserProps } from './nats-user.ts';
export { type Flow, type Peer, tcp } from './network-flow.ts';
export { PlatformGateway, type PlatformGatewayProps } from './platform-gateway.ts';
export type { PostgresBackup } from './postgres-backup.ts';
export {
  PostgresCluster,
  type PostgresClusterNodes,
  type PostgresClusterProps,
} from './postgres-cluster.ts';
export type { OutsideAddress } from './postgres-flows.ts';
export type { PostgresPooler } from './postgres-pooler.ts';
export { PostgresService, type PostgresServiceProps } from './postgres-service.ts';
export {
  type PostgresDatabase,
  type PostgresDatabases,
  type PostgresSizing,
  postgresAccess,
  postgresParameters,
} from './postgres-settings.ts';
export type { PostgresDurability } from './postgres-spec.ts';
export { QueueAutoscaler, type QueueAutoscalerProps } from './queue-autoscaler.ts';
export {
  RabbitMqCluster,
  type RabbitMqClusterNodes,
  type RabbitMqClusterProps,
  type RabbitMqSize,
} from './rabbitmq-cluster.ts';
export { RabbitMqService, type RabbitMqServiceProps } from './rabbitmq-service.ts';
export { type SecretBackend, SecretStore, type SecretStoreProps } from './secret-store.ts';
export { ServerCertificate, type ServerCertificateProps } from './server-certificate.ts';
export { SyncedSecret, type SyncedSecretProps, secretPath } from './synced-secret.ts';
export type { Traffic } from './traffic.ts';
export {
  type SecretKey,
  TriggerAuthentication,
  type TriggerAuthenticationProps,
  type TriggerCredentials,
} from './trigger-authentication.ts';
export { ValkeyCache, type ValkeyCacheNodes, type ValkeyCacheProps } from './valkey-cache.ts';
export { type ValkeyDurability, type ValkeyMode, valkeyConfig } from './valkey-config.ts';
export { ValkeyService, type ValkeyServiceProps } from './valkey-service.ts';
export { PROBE_USER, type ValkeyUser, type ValkeyUsers, valkeyUsers } from './valkey-users.ts';
export { Weights } from './weights.ts';
export { WeightsBucket, type WeightsBucketProps } from './weights-bucket.ts';
export { Worker, type WorkerProps } from './worker.ts';
export type { WorkerPodProps } from './worker-pod.ts';
export type { Workload, WorkloadContext } from './workload.ts';
export { type NetworkedWorkload, WorkloadNetwork, type WorkloadNetworkProps } from './workload-network.ts';
