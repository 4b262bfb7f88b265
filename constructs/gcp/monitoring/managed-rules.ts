import {
  Duration,
  engineAlerts,
  type ResolvedInferenceEngine,
  type ResolvedTopic,
  type ResolvedTopicConsumer,
  type Topology,
  topicAlerts,
} from '@penstock/model';
import type { AlertProps } from '../../monitoring/alert.ts';
import { prometheusDuration } from '../../monitoring/promql.ts';
import { metric } from './metric-types.ts';

const FIVE_MINUTES = Duration.parse('5 minutes');
const TEN_MINUTES = Duration.parse('10 minutes');
/** Of a disk; it grows by itself, so that a full one means that growing has stopped. */
const DISK_SHARE = 0.85;
/** Of the transaction numbers before the server stops writing. */
const TRANSACTION_SHARE = 0.25;
/** Of the memory of a node; Google advises to make more room from here on. */
const MEMORY_SHARE = 0.8;

/** Every consumer of every topic, by what Managed Kafka says of its group. */
export function managedKafkaRules(topology: Topology, cluster: string): readonly AlertProps[] {
  return Object.values<ResolvedTopic>(topology.topics).flatMap((topic) =>
    topic.consumers.flatMap((consumer) => consumerRules(cluster, topic, consumer)),
  );
}

function consumerRules(cluster: string, topic: ResolvedTopic, consumer: ResolvedTopicConsumer): readonly AlertProps[] {
  const limits = topicAlerts(topic, consumer);
  const labels = { topic: topic.id, consumer: consumer.id };
  const of = { cluster_id: cluster, topic_id: topic.name };
  const lag = metric('kafkaLag', { ...of, consumer_group_id: consumer.group });
  const window = prometheusDuration(limits.stuckFor);
  const written = (topicId: string, over: string): string =>
    `sum(increase(${metric('kafkaWritten', { ...of, topic_id: topicId })}[${over}]))`;
  return [
    {
      name: 'PenstockTopicLag',
      expr: `sum(${lag}) > ${limits.lagLimit}`,
      holds: limits.lagFor,
      severity: 'page',
      labels,
      summary: `${topic.id}: ${consumer.id} falls behind`,
      description: `{{ $value }} events wait; ${consumer.maxReplicas} members make up for ${limits.lagLimit} before it is too late. Events are kept for ${topic.retention}.`,
    },
    {
      name: 'PenstockTopicStuck',
      // What was read is what was written less what the lag grew by.
      expr: `(sum(${lag}) > 0) and (${written(topic.name, window)} - (sum(${lag}) - sum(${lag} offset ${window})) <= 0)`,
      severity: 'page',
      labels,
      summary: `${topic.id}: ${consumer.id} reads nothing`,
      description: `{{ $value }} events wait, and none has been read for ${limits.stuckFor}.`,
    },
    {
      name: 'PenstockTopicDeadLetters',
      expr: `${written(consumer.deadLetterTopic, '1h')} > 0`,
      severity: 'ticket',
      labels,
      summary: `${topic.id}: ${consumer.id} has given up events`,
      description: `{{ $value }} events went to ${consumer.deadLetterTopic} within an hour, and lie there until a person looks at them.`,
    },
  ];
}

/** `database`: `<project>:<instance>`, as Cloud SQL labels its metrics. */
export function cloudSqlRules(database: string): readonly AlertProps[] {
  const of = { database_id: database };
  const labels = { database };
  return [
    {
      name: 'PenstockPostgresDown',
      expr: `(max(${metric('postgresUp', of)}) or vector(0)) < 1`,
      holds: FIVE_MINUTES,
      severity: 'page',
      labels,
      summary: `PostgreSQL ${database} does not answer`,
      description: 'Its server has been down for longer than a failover takes.',
    },
    {
      name: 'PenstockPostgresDiskFilling',
      expr: `max(${metric('postgresDisk', of)}) > ${DISK_SHARE}`,
      holds: FIVE_MINUTES,
      severity: 'page',
      labels,
      summary: `PostgreSQL ${database}: the disk is nearly full`,
      description: '{{ $value | humanizePercentage }} of the disk are taken, and it did not grow.',
    },
    {
      name: 'PenstockPostgresFreezing',
      expr: `max(${metric('postgresTransactions', of)}) > ${TRANSACTION_SHARE}`,
      severity: 'ticket',
      labels,
      summary: `PostgreSQL ${database}: transaction numbers are used up faster than old rows are frozen`,
      description:
        '{{ $value | humanizePercentage }} of the transaction numbers are taken; at all of them it stops writing.',
    },
  ];
}

export function memorystoreRules(instance: string): readonly AlertProps[] {
  const of = { instance_id: instance };
  const labels = { instance };
  return [
    {
      name: 'PenstockValkeyFull',
      expr: `max(${metric('valkeyMemory', of)}) > ${MEMORY_SHARE}`,
      holds: FIVE_MINUTES,
      severity: 'page',
      labels,
      summary: `Valkey ${instance}: a node is nearly full`,
      description:
        '{{ $value | humanizePercentage }} of the memory of a node are taken; at all of it writes are refused.',
    },
    {
      name: 'PenstockValkeyRefusing',
      expr: `sum(increase(${metric('valkeyRejected', of)}[5m])) > 0`,
      severity: 'ticket',
      labels,
      summary: `Valkey ${instance} refuses connections`,
      description: '{{ $value }} clients were turned away within five minutes: more are connected than a node takes.',
    },
  ];
}

/** An engine of the topology behind an endpoint of Vertex AI, by its id. */
export function vertexRules(engine: ResolvedInferenceEngine, endpoint: string): readonly AlertProps[] {
  const limits = engineAlerts(engine);
  const of = { endpoint_id: endpoint };
  const labels = { engine: engine.id };
  const latency = metric('vertexLatency', { ...of, latency_type: 'total' }, '_bucket');
  const failed = metric('vertexResponses', { ...of, response_code: /5.*/ });
  return [
    {
      name: 'PenstockEngineMissing',
      expr: `(sum(${metric('vertexReplicas', of)}) or vector(0)) < ${limits.replicas}`,
      holds: limits.missingFor,
      severity: 'page',
      labels,
      summary: `${engine.id}: a replica is missing`,
      description: `{{ $value }} of ${limits.replicas} replicas answer; all of them are needed for ${engine.peakRequests} requests a second.`,
    },
    {
      name: 'PenstockEndpointSlow',
      expr: `histogram_quantile(0.99, sum by (le) (rate(${latency}[5m]))) > ${engine.doneWithin.toMilliseconds('up')}`,
      holds: TEN_MINUTES,
      severity: 'page',
      labels,
      summary: `${engine.id}: answers come too late`,
      description: `One in a hundred requests takes {{ $value }} milliseconds; ${engine.doneWithin} are promised.`,
    },
    {
      name: 'PenstockEndpointFailing',
      expr: `sum(rate(${failed}[5m])) > 0`,
      holds: TEN_MINUTES,
      severity: 'ticket',
      labels,
      summary: `${engine.id} answers with errors`,
      description: '{{ $value }} requests a second fail for a reason of the server.',
    },
  ];
}

/** Pods that no node takes, and that the autoscaler has found none for. */
export function unschedulableRule(topology: Topology, namespace: string): AlertProps {
  const starts = [
    ...Object.values(topology.workers).map(({ coldStart }) => coldStart),
    ...Object.values<ResolvedInferenceEngine>(topology.engines).map(({ startupBudget }) => startupBudget),
  ];
  // A node that is on its way is there by then.
  const holds = Duration.max(TEN_MINUTES, ...starts).roundedUpToSeconds();
  return {
    name: 'PenstockPodsUnschedulable',
    expr: `sum(${metric('podUnschedulable', { namespace })}) > 0`,
    holds,
    // What suffers by it pages by itself.
    severity: 'ticket',
    labels: { namespace },
    summary: `${topology.name}: pods find no node`,
    description: `{{ $value }} pods have waited for ${holds}: a quota, a machine that is sold out, or a pool at its maximum.`,
  };
}
