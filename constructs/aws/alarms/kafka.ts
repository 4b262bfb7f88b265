import { Duration, type ResolvedTopic, type ResolvedTopicConsumer, type Topology, topicAlerts } from '@penstock/model';
import { KAFKA_DISK_FREE_SHARE } from '../../monitoring/limits.ts';
import type { AlarmSpec, WatchedService } from '../alarm.ts';
import { ofAll, ofMetric } from '../alarm-signal.ts';
import { IN_SYNC, type MskKind } from '../msk-kind.ts';

/** Longer than an election takes. */
const ELECTION_HOLDS = Duration.parse('2 minutes');
const SILENT_HOLDS = Duration.parse('5 minutes');
/** A broker that restarts reads its log and catches up meanwhile. */
const RESTART_HOLDS = Duration.parse('30 minutes');
const AT_ONCE = Duration.parse('1 minute');
/** The highest rate that is declared lasts for a minute or more; what lasts an hour is another rate. */
const INFLOW_HOLDS = Duration.parse('1 hour');

export interface WatchedMsk {
  /** Name of the cluster. */
  readonly name: string;
  readonly kind: MskKind['kind'];
  readonly topology: Topology;
}

/** Kafka on MSK: the cluster, as far as its kind is ours to look into, and every consumer of every topic. */
export const kafkaAlarms = (msk: WatchedMsk): WatchedService => ({
  id: 'kafka',
  title: `Kafka ${msk.name}`,
  alarms: [
    ...(msk.kind === 'serverless' ? [] : clusterAlarms(msk)),
    ...(msk.kind === 'provisioned' ? brokerAlarms(msk) : []),
    ...Object.values<ResolvedTopic>(msk.topology.topics).flatMap((topic) => [
      ...(msk.kind === 'serverless' ? [] : [inflow(msk, topic)]),
      ...topic.consumers.flatMap((consumer) => consumerAlarms(msk, topic, consumer)),
    ]),
  ],
});

const clusterAlarms = ({ name }: WatchedMsk): readonly AlarmSpec[] => [
  {
    name: 'PenstockKafkaControllerMissing',
    subject: name,
    severity: 'page',
    signal: ofMetric('controllers', { 'Cluster Name': name }, 'Maximum'),
    limit: { below: 1 },
    holds: SILENT_HOLDS,
    missing: 'breaching',
    description: `Kafka ${name} has no active controller, or says nothing at all: no leader is elected and no topic made.`,
  },
  {
    name: 'PenstockKafkaPartitionsOffline',
    subject: name,
    severity: 'page',
    signal: ofMetric('offlinePartitions', { 'Cluster Name': name }, 'Maximum'),
    limit: { above: 0 },
    holds: ELECTION_HOLDS,
    missing: 'ignore',
    description: `Partitions of Kafka ${name} have no leader: they can be neither written nor read.`,
  },
];

/** Of brokers whose copies and disks are ours; those of Express are Amazon's. */
const brokerAlarms = ({ name }: WatchedMsk): readonly AlarmSpec[] => [
  {
    name: 'PenstockKafkaWritersRefused',
    subject: name,
    severity: 'page',
    signal: ofAll('underMinInsync', 'MAX', { 'Cluster Name': name }),
    limit: { above: 0 },
    holds: ELECTION_HOLDS,
    missing: 'ignore',
    description: `Partitions of Kafka ${name} have fewer than ${IN_SYNC} copies in sync: whoever writes with acks=all is refused.`,
  },
  {
    name: 'PenstockKafkaUnderReplicated',
    subject: name,
    severity: 'ticket',
    signal: ofAll('underReplicated', 'MAX', { 'Cluster Name': name }),
    limit: { above: 0 },
    holds: RESTART_HOLDS,
    missing: 'ignore',
    description: `Partitions of Kafka ${name} have had fewer copies than they should for ${RESTART_HOLDS}: the next failure may refuse writers.`,
  },
  {
    name: 'PenstockKafkaDiskFilling',
    subject: name,
    severity: 'page',
    signal: ofAll('kafkaDisk', 'MAX', { 'Cluster Name': name }),
    limit: { above: (1 - KAFKA_DISK_FREE_SHARE) * 100 },
    holds: SILENT_HOLDS,
    missing: 'ignore',
    description: `A disk of Kafka ${name} is nearly full, although disks grow by themselves: they have reached their maximum, or grow too slowly. A broker stops on a full one.`,
  },
];

/** What a topic stores is its rate times its retention: a rate beyond the declared one fills disks, or costs. */
function inflow({ name }: WatchedMsk, topic: ResolvedTopic): AlarmSpec {
  const declared = topic.peakRate.perSecond * topic.itemSize.bytes;
  return {
    name: 'PenstockTopicInflow',
    subject: topic.id,
    severity: 'ticket',
    signal: ofAll('topicBytes', 'SUM', { 'Cluster Name': name, Topic: topic.name }),
    limit: { above: declared },
    holds: INFLOW_HOLDS,
    missing: 'notBreaching',
    description: `More than ${declared} bytes a second have arrived in ${topic.id} for ${INFLOW_HOLDS}; ${topic.peakRate} of ${topic.itemSize} are declared as the highest, and ${topic.retention} of them are stored.`,
  };
}

function consumerAlarms(
  { name, kind }: WatchedMsk,
  topic: ResolvedTopic,
  consumer: ResolvedTopicConsumer,
): readonly AlarmSpec[] {
  const limits = topicAlerts(topic, consumer);
  const subject = `${topic.id}-${consumer.id}`;
  const lag: AlarmSpec = {
    name: 'PenstockTopicLag',
    subject,
    severity: 'page',
    signal: ofMetric(
      'topicLag',
      { 'Cluster Name': name, 'Consumer Group': consumer.group, Topic: topic.name },
      'Maximum',
    ),
    limit: { above: limits.lagLimit },
    holds: limits.lagFor,
    // A group that gains or loses a member has no lag until it has settled.
    missing: 'ignore',
    follows: true,
    description: `${consumer.id} falls behind in ${topic.id}: ${consumer.maxReplicas} members make up for ${limits.lagLimit} events before it is too late. Events are kept for ${topic.retention}.`,
  };
  const dead: AlarmSpec = {
    name: 'PenstockTopicDeadLetters',
    subject,
    severity: 'ticket',
    signal: ofAll('topicBytes', 'SUM', { 'Cluster Name': name, Topic: consumer.deadLetterTopic }),
    limit: { above: 0 },
    holds: AT_ONCE,
    missing: 'notBreaching',
    description: `${consumer.id} has given up events of ${topic.id}: they lie in ${consumer.deadLetterTopic} until a person looks at them.`,
  };
  return kind === 'serverless' ? [lag] : [lag, dead];
}
