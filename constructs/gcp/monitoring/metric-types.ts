import { type Matchers, series } from '../../monitoring/promql.ts';

interface MetricFacts {
  readonly type: `${string}.googleapis.com/${string}`;
  /** The kind of resource that it is measured of; PromQL has to say it where a metric is of several. */
  readonly resource: string;
  readonly kind: 'gauge' | 'delta' | 'distribution';
  readonly unit: string;
  /** Page of Google's documentation that it was read on. */
  readonly source: string;
}

const METRICS = 'monitoring/api/metrics_gcp';
const KAFKA_CLIENTS = 'managed-service-for-apache-kafka/docs/monitor-clients';
const VALKEY = 'memorystore/docs/valkey/supported-monitoring-metrics';
const ENDPOINT = 'aiplatform.googleapis.com/Endpoint';

/**
 * Every metric of Google's own that is asked for: what is in no row is in no alert. Brokers of Managed Kafka are Google's to
 * watch, and so is their disk; what is ours is whether events are read.
 */
export const METRIC_TYPES = {
  /** Events that a group has not committed, by partition; `consumer_lag` is that of the copies, and none of ours. */
  kafkaLag: {
    type: 'managedkafka.googleapis.com/offset_lag',
    resource: 'managedkafka.googleapis.com/TopicPartitionConsumerGroup',
    kind: 'gauge',
    unit: 'events',
    source: KAFKA_CLIENTS,
  },
  kafkaWritten: {
    type: 'managedkafka.googleapis.com/message_in_count',
    resource: 'managedkafka.googleapis.com/Topic',
    kind: 'delta',
    unit: 'events',
    source: KAFKA_CLIENTS,
  },
  postgresUp: {
    type: 'cloudsql.googleapis.com/database/up',
    resource: 'cloudsql_database',
    kind: 'gauge',
    unit: '1 or 0',
    source: METRICS,
  },
  postgresDisk: {
    type: 'cloudsql.googleapis.com/database/disk/utilization',
    resource: 'cloudsql_database',
    kind: 'gauge',
    unit: '0 to 1',
    source: METRICS,
  },
  postgresTransactions: {
    type: 'cloudsql.googleapis.com/database/postgresql/transaction_id_utilization',
    resource: 'cloudsql_database',
    kind: 'gauge',
    unit: '0 to 1',
    source: METRICS,
  },
  valkeyMemory: {
    type: 'memorystore.googleapis.com/instance/memory/maximum_utilization',
    resource: 'memorystore.googleapis.com/Instance',
    kind: 'gauge',
    unit: '0 to 1, of the fullest node',
    source: VALKEY,
  },
  valkeyRejected: {
    type: 'memorystore.googleapis.com/instance/stats/total_rejected_connections_count',
    resource: 'memorystore.googleapis.com/Instance',
    kind: 'delta',
    unit: 'connections',
    source: VALKEY,
  },
  vertexLatency: {
    type: 'aiplatform.googleapis.com/prediction/online/prediction_latencies',
    resource: ENDPOINT,
    kind: 'distribution',
    unit: 'ms',
    source: METRICS,
  },
  vertexResponses: {
    type: 'aiplatform.googleapis.com/prediction/online/response_count',
    resource: ENDPOINT,
    kind: 'delta',
    unit: 'responses, by class of their code',
    source: METRICS,
  },
  vertexReplicas: {
    type: 'aiplatform.googleapis.com/prediction/online/replicas',
    resource: ENDPOINT,
    kind: 'gauge',
    unit: 'replicas',
    source: METRICS,
  },
  /** Of the kube-state metrics that GKE collects; by its PromQL name it is as in Prometheus. */
  podUnschedulable: {
    type: 'prometheus.googleapis.com/kube_pod_status_unschedulable/gauge',
    resource: 'prometheus_target',
    kind: 'gauge',
    unit: '1 or 0',
    source: 'kubernetes-engine/docs/how-to/kube-state-metrics',
  },
} as const satisfies Readonly<Record<string, MetricFacts>>;

export type MetricName = keyof typeof METRIC_TYPES;

/**
 * A metric as PromQL names it in Cloud Monitoring: the first slash is a colon, whatever else is no letter or digit an
 * underscore; the metrics of Prometheus keep the names they had.
 */
export function promqlName(type: MetricFacts['type']): string {
  const scraped = /^prometheus\.googleapis\.com\/(.+)\/[a-z]+$/.exec(type)?.[1];
  return scraped ?? type.replace('/', ':').replaceAll(/[^A-Za-z0-9_:]/g, '_');
}

/** Selects a metric of the table, of the resource that the table says. */
export function metric(name: MetricName, matchers: Matchers, part: '' | '_bucket' = ''): string {
  const { type, resource }: MetricFacts = METRIC_TYPES[name];
  const of = type.startsWith('prometheus.') ? matchers : { monitored_resource: resource, ...matchers };
  return series(`${promqlName(type)}${part}`, of);
}
