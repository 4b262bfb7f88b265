import { Duration, type ResolvedTopic, type ResolvedTopicConsumer, topicAlerts } from '@penstock/model';
import type { AlertProps } from '../../monitoring/alert.ts';
import { KAFKA_DISK_FREE_SHARE } from '../../monitoring/limits.ts';
import {
  KAFKA_METRICS,
  type Matchers,
  prometheusDuration,
  series,
  TOPIC_METRICS,
  VOLUME_METRICS,
} from '../../monitoring/promql.ts';
import { serverMissing } from '../../monitoring/server-missing.ts';
import type { KafkaService } from '../kafka-service.ts';

/** Longer than an election takes. */
const ELECTION_HOLDS = Duration.parse('2 minutes');
/** A broker that restarts reads its log and catches up meanwhile. */
const RESTART_HOLDS = Duration.parse('30 minutes');
const DISK_HOLDS = Duration.parse('5 minutes');

export interface WatchedKafka {
  readonly kafka: KafkaService;
  /** What Prometheus calls its targets. */
  readonly job: string;
}

/** The cluster itself, and every consumer of the topics on it. */
export const kafkaAlertRules = (watched: WatchedKafka, topics: readonly ResolvedTopic[]): readonly AlertProps[] => [
  ...clusterAlertRules(watched),
  ...topics.flatMap((topic) => topic.consumers.flatMap((consumer) => topicAlertRules(watched, topic, consumer))),
];

/** Brokers, controllers and their disks. */
function clusterAlertRules({ kafka, job }: WatchedKafka): readonly AlertProps[] {
  const { name, namespace, brokers, controllers, inSync } = kafka;
  const of = { namespace, job };
  const labels = { namespace, kafka: name };
  // As Strimzi names the claims of its pods.
  const disks = { namespace, persistentvolumeclaim: new RegExp(`data-[0-9]+-${name}-.+`) };
  const free = `${series(VOLUME_METRICS.available, disks)} / ${series(VOLUME_METRICS.capacity, disks)}`;
  return [
    serverMissing({
      title: `Kafka ${name}`,
      job,
      namespace,
      // The exporter of lags is one more.
      servers: brokers + controllers + 1,
      consequence: `they are ${brokers} brokers, ${controllers} controllers and the exporter of lags`,
    }),
    {
      name: 'PenstockKafkaPartitionsOffline',
      // Controllers that speak of it mean the same partitions: a sum would count them again.
      expr: `max(${series(KAFKA_METRICS.offlinePartitions, of)}) > 0`,
      holds: ELECTION_HOLDS,
      severity: 'page',
      labels,
      summary: `Kafka ${name}: partitions have no leader`,
      description: '{{ $value }} partitions can be neither written nor read.',
    },
    {
      name: 'PenstockKafkaWritersRefused',
      expr: `sum(${series(KAFKA_METRICS.underMinInsync, of)}) > 0`,
      holds: ELECTION_HOLDS,
      severity: 'page',
      labels,
      summary: `Kafka ${name}: writers are refused`,
      description: `{{ $value }} partitions have fewer than ${inSync} copies in sync: whoever writes with acks=all is refused.`,
    },
    {
      name: 'PenstockKafkaUnderReplicated',
      expr: `sum(${series(KAFKA_METRICS.underReplicated, of)}) > 0`,
      holds: RESTART_HOLDS,
      severity: 'ticket',
      labels,
      summary: `Kafka ${name}: copies are out of sync`,
      description: `{{ $value }} partitions have had fewer copies than they should for ${RESTART_HOLDS}: the next failure may refuse writers.`,
    },
    {
      name: 'PenstockKafkaControllerMissing',
      expr: `(sum(${series(KAFKA_METRICS.activeControllers, of)}) or vector(0)) != 1`,
      holds: DISK_HOLDS,
      severity: 'page',
      labels,
      summary: `Kafka ${name}: {{ $value }} active controllers`,
      description: 'One is expected. Without one no leader is elected and no topic made.',
    },
    {
      name: 'PenstockKafkaDiskFilling',
      expr: `${free} < ${KAFKA_DISK_FREE_SHARE}`,
      holds: DISK_HOLDS,
      severity: 'page',
      labels,
      summary: `Kafka ${name}: a disk is nearly full`,
      description:
        '{{ $value | humanizePercentage }} of {{ $labels.persistentvolumeclaim }} are free; a broker stops on a full disk.',
    },
  ];
}

/** One consumer of a topic, by the offsets that the exporter reads from the brokers. */
function topicAlertRules(
  { kafka: { namespace }, job }: WatchedKafka,
  topic: ResolvedTopic,
  consumer: ResolvedTopicConsumer,
): readonly AlertProps[] {
  const limits = topicAlerts(topic, consumer);
  const of = { namespace, job, topic: topic.name };
  const group = { ...of, consumergroup: consumer.group };
  const labels = { namespace, topic: topic.id, consumer: consumer.id };
  const lag = series(TOPIC_METRICS.lag, group);
  const window = prometheusDuration(limits.stuckFor);
  const readNothing = `sum(increase(${series(TOPIC_METRICS.committed, group)}[${window}])) == 0`;
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
      // A group that has never committed has no lag, so that there is nothing to compare.
      expr: `((sum(${lag}) > 0) and (${readNothing})) or ((${kept(of)} > 0) unless on () (count(${lag}) > 0))`,
      holds: limits.stuckFor,
      severity: 'page',
      labels,
      summary: `${topic.id}: ${consumer.id} reads nothing`,
      description: `{{ $value }} events wait, and none has been read for ${limits.stuckFor}.`,
    },
    {
      name: 'PenstockTopicDeadLetters',
      expr: `${kept({ ...of, topic: consumer.deadLetterTopic })} > 0`,
      severity: 'ticket',
      labels,
      summary: `${topic.id}: ${consumer.id} has given up events`,
      description: `{{ $value }} events lie in ${consumer.deadLetterTopic} until a person looks at them.`,
    },
  ];
}

/** Events that a topic holds. */
const kept = (of: Matchers): string =>
  `(sum(${series(TOPIC_METRICS.newest, of)}) - sum(${series(TOPIC_METRICS.oldest, of)}))`;
