import type { Duration } from '@penstock/model';

/** Metrics as Prometheus has them: OpenTelemetry's names, counters with `_total`; its exporter adds no unit. */
export const WORKER_METRICS = {
  latency: 'penstock_queue_latency',
  attempt: 'messaging_process_duration',
  consumed: 'messaging_client_consumed_messages_total',
  depth: 'penstock_queue_depth',
} as const;

/** Of a task queue, queue by queue; what lies in the store, so every replica tells the same. */
export const JOB_METRICS = {
  backlog: 'penstock_jobs_backlog',
  arrived: 'penstock_jobs_arrived_total',
} as const;

/** Of the embedding engine of this project. */
export const ENGINE_METRICS = {
  queueTokens: 'penstock_engine_queue_tokens',
  batchTokens: 'penstock_engine_batch_tokens',
  batchSeconds: 'penstock_engine_batch_duration',
  batchSize: 'penstock_engine_batch_size',
  paddingRatio: 'penstock_engine_batch_padding_ratio',
} as const;

/** Of prometheus-nats-exporter with `-jsz=all`. */
export const NATS_METRICS = {
  pending: 'jetstream_consumer_num_pending',
  lastSequence: 'jetstream_stream_last_seq',
  streamBytes: 'jetstream_stream_total_bytes',
} as const;

/** Of RabbitMQ's own exporter, all queues of a node together. */
export const RABBITMQ_METRICS = {
  memoryAlarm: 'rabbitmq_alarms_memory_used_watermark',
  diskAlarm: 'rabbitmq_alarms_free_disk_space_watermark',
  diskFree: 'rabbitmq_disk_space_available_bytes',
  diskLimit: 'rabbitmq_disk_space_available_limit_bytes',
  unroutable: 'rabbitmq_global_messages_unroutable_dropped_total',
} as const;

/** Of Strimzi's metrics reporter in every broker and controller. */
export const KAFKA_METRICS = {
  activeControllers: 'kafka_controller_kafkacontroller_activecontrollercount',
  offlinePartitions: 'kafka_controller_kafkacontroller_offlinepartitionscount',
  underMinInsync: 'kafka_server_replicamanager_underminisrpartitioncount',
  underReplicated: 'kafka_server_replicamanager_underreplicatedpartitions',
} as const;

/** Of Strimzi's Kafka exporter, partition by partition. */
export const TOPIC_METRICS = {
  lag: 'kafka_consumergroup_lag',
  committed: 'kafka_consumergroup_current_offset',
  newest: 'kafka_topic_partition_current_offset',
  oldest: 'kafka_topic_partition_oldest_offset',
} as const;

/** Of CloudNativePG's exporter in each instance and of the Barman plugin beside it. */
export const POSTGRES_METRICS = {
  isStandby: 'cnpg_pg_replication_in_recovery',
  isStreaming: 'cnpg_pg_replication_is_wal_receiver_up',
  archiveFailed: 'cnpg_pg_stat_archiver_last_failed_time',
  archived: 'cnpg_pg_stat_archiver_last_archived_time',
  slotBehind: 'cnpg_pg_replication_slots_pg_wal_lsn_diff',
  freezeAge: 'cnpg_pg_database_xid_age',
  lastBackup: 'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp',
} as const;

/** Of the exporter beside each Valkey server; it keeps the names of Redis. */
export const VALKEY_METRICS = {
  memoryUsed: 'redis_memory_used_bytes',
  memoryMost: 'redis_memory_max_bytes',
  logWritten: 'redis_aof_last_write_status',
} as const;

/** Of the kubelet, volume by volume; in bytes. */
export const VOLUME_METRICS = {
  available: 'kubelet_volume_stats_available_bytes',
  capacity: 'kubelet_volume_stats_capacity_bytes',
} as const;

/** Of OpenTelemetry's collector, and of the exporter in each service. */
export const TRACE_METRICS = {
  /** By a service, before it was sent: `error_type` says that it was not. */
  processed: 'otel_sdk_processor_span_processed_total',
  refused: 'otelcol_receiver_refused_spans_total',
  failed: 'otelcol_receiver_failed_spans_total',
  notQueued: 'otelcol_exporter_enqueue_failed_spans_total',
  notSent: 'otelcol_exporter_send_failed_spans_total',
  /** Decided about before their time, since there was no room. */
  tooEarly: 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total',
} as const;

/** Of NVIDIA's DCGM exporter; memory in MiB. */
export const GPU_METRICS = {
  memoryUsed: 'DCGM_FI_DEV_FB_USED',
  memoryFree: 'DCGM_FI_DEV_FB_FREE',
  utilisation: 'DCGM_FI_DEV_GPU_UTIL',
  xid: 'DCGM_FI_DEV_XID_ERRORS',
} as const;

/** How often everything is scraped: a window of five minutes then holds ten samples. */
export const SCRAPE = { interval: '30s', scrapeTimeout: '10s' } as const;

export type Matchers = Readonly<Record<string, string | RegExp>>;

/** `metric{label="value"}`; a RegExp is matched whole, as Prometheus does. */
export function series(metric: string, matchers: Matchers): string {
  const written = Object.entries(matchers).map(([label, value]) =>
    typeof value === 'string' ? `${label}=${quoted(value)}` : `${label}=~${quoted(value.source)}`,
  );
  return `${metric}{${written.join(',')}}`;
}

/** PromQL reads a double-quoted text as Go does; for what stands here JSON is the same. */
const quoted = (text: string): string => JSON.stringify(text);

export const rate = (selector: string, window: string): string => `rate(${selector}[${window}])`;

/** Of each replica by itself: a mean over all hides the one that is stuck. */
export const ratePerPod = (metric: string, matchers: Matchers, window: string): string =>
  `sum by (pod) (${rate(series(metric, matchers), window)})`;

/** Mean of a histogram, replica by replica. */
export const meanPerPod = (metric: string, matchers: Matchers, window: string): string =>
  `${ratePerPod(`${metric}_sum`, matchers, window)} / ${ratePerPod(`${metric}_count`, matchers, window)}`;

/**
 * Matches the bucket of a histogram with this bound, in seconds. Prometheus 3 writes whole bounds as `120.0` and those
 * from a million on with an exponent, where Prometheus 2 keeps the text that was scraped.
 */
export function bucketBound(seconds: number): RegExp {
  const plain = String(seconds);
  const [mantissa = '', exponent = ''] = seconds.toExponential().split('e+');
  const normalised =
    seconds >= 1_000_000
      ? `${mantissa}e+${exponent.padStart(2, '0')}`
      : Number.isInteger(seconds)
        ? `${plain}.0`
        : plain;
  const escaped = [...new Set([plain, normalised])].map((text) => text.replaceAll(/[.+]/g, (sign) => `[${sign}]`));
  return new RegExp(escaped.join('|'));
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** `3d`, `30m`, `90s`: the largest unit that divides it. */
export function prometheusDuration(duration: Duration): string {
  const seconds = duration.toSeconds('up');
  const unit = UNITS.find(([, size]) => seconds >= size && seconds % size === 0);
  return unit === undefined ? `${seconds}s` : `${seconds / unit[1]}${unit[0]}`;
}
