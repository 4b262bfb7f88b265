import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { triggersOf } from '../scaler.ts';

interface TopicSpec {
  readonly topicName: string;
  readonly partitions: number;
}

/** KEDA's own maximum where none is stated. */
const DEFAULT_MAX_REPLICAS = 100;

/** Rule 44, over the topics that are among the manifests. */
export const kafkaTriggerPartitions = kindPolicy(
  {
    id: 'kafka-trigger-partitions',
    rules: [44],
    source: 'KEDA documentation (Apache Kafka scaler)',
    reads: ['KafkaTopic'],
    reason: 'a group has one reader per partition: every replica beyond them is paid for and reads nothing',
  },
  ['ScaledObject', 'ScaledJob'],
  (manifest, all) => {
    const most = specOf<{ maxReplicaCount: number }>(manifest).maxReplicaCount ?? DEFAULT_MAX_REPLICAS;
    return triggersOf(manifest)
      .filter(({ type }) => type === 'kafka' || type === 'apache-kafka')
      .flatMap(({ metadata = {} }) => {
        const name = metadata['topic'];
        if (name === undefined) return ['a Kafka trigger names no topic: from zero it may never start'];
        const topic = all.find(
          (other) =>
            other.kind === 'KafkaTopic' && (specOf<TopicSpec>(other).topicName ?? other.metadata.name) === name,
        );
        if (topic === undefined || metadata['allowIdleConsumers'] === 'true') return [];
        const partitions = specOf<TopicSpec>(topic).partitions ?? 1;
        return [most > partitions && `maxReplicaCount ${most} is more than the ${partitions} partitions of ${name}`];
      });
  },
);
