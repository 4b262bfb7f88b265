import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { clusterOf, nodesOf, poolsOf, STRIMZI_CLUSTER } from '../strimzi.ts';

interface TopicSpec {
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, unknown>>;
}

const COPIES = 3;
const IN_SYNC = 2;

/** Rule 55, but for dead letters. */
export const kafkaTopicDurable = kindPolicy(
  {
    id: 'kafka-topic-durable',
    rules: [55],
    source: 'Strimzi documentation (KafkaTopic)',
    reads: ['Kafka', 'KafkaNodePool'],
    reason: 'a topic has what it states and nothing of what its author meant: one copy, or a week of records',
  },
  ['KafkaTopic'],
  (manifest, all) => {
    const { partitions, replicas, config = {} } = specOf<TopicSpec>(manifest);
    const minimum = Number(config['min.insync.replicas'] ?? 0);
    const compacts = String(config['cleanup.policy'] ?? '') === 'compact';
    const cluster = clusterOf(manifest, all);
    const brokers = cluster === undefined ? undefined : nodesOf(poolsOf(cluster, all), 'broker');
    return [
      manifest.metadata.labels?.[STRIMZI_CLUSTER] === undefined &&
        `names no cluster (${STRIMZI_CLUSTER}): nobody makes it`,
      partitions === undefined && 'does not state partitions',
      (replicas ?? 0) < COPIES && `replicas is ${replicas ?? 'not stated'}, expected ${COPIES}`,
      brokers !== undefined && (replicas ?? 0) > brokers && `has ${replicas} replicas on ${brokers} brokers`,
      minimum < IN_SYNC &&
        `min.insync.replicas is ${config['min.insync.replicas'] ?? 'not stated'}, expected ${IN_SYNC}`,
      replicas !== undefined &&
        minimum >= replicas &&
        `min.insync.replicas ${minimum} of ${replicas} stops all writers with one broker`,
      String(config['unclean.leader.election.enable']) === 'true' &&
        'unclean.leader.election.enable is true: a copy that lags may lead, and what it lacks is gone',
      !compacts && config['retention.ms'] === undefined && 'does not state retention.ms',
    ];
  },
);
