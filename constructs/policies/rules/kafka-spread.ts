import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { isStrimzi, type NodePool, STRIMZI_CLUSTER, STRIMZI_POOL } from '../strimzi.ts';
import { replicasSpread } from './replicas-spread.ts';

/** Rule 39, for the nodes of a Kafka cluster. */
export const kafkaSpread = kindPolicy(
  {
    id: 'kafka-spread',
    rules: [39],
    source: 'Strimzi documentation (pod scheduling)',
    reason: 'a rack only tells Kafka where its copies are; without rules for the scheduler all may be on one node',
  },
  ['KafkaNodePool'],
  (manifest) => {
    if (!isStrimzi(manifest)) return [];
    const { replicas, template } = specOf<NodePool>(manifest);
    const matchLabels = {
      [STRIMZI_CLUSTER]: manifest.metadata.labels?.[STRIMZI_CLUSTER],
      [STRIMZI_POOL]: manifest.metadata.name,
    };
    const set = { replicas, selector: { matchLabels }, template: { spec: template?.pod } };
    return replicasSpread.check(
      { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: manifest.metadata, spec: set },
      [],
    );
  },
);
