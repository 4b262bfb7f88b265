import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { isStrimzi, type KafkaSpec, type NodePool } from '../strimzi.ts';

/** Long enough for a broker to hand over what it leads. */
const SHORTEST_GRACE = 60;

/** Rules 40 and 42, for the nodes of a Kafka cluster. */
export const kafkaDrained = kindPolicy(
  {
    id: 'kafka-drained',
    rules: [40, 42],
    source: 'Strimzi documentation (Drain Cleaner)',
    reason: 'a budget counts brokers that are ready, not copies that are in sync: two drains in a row stop all writers',
  },
  ['Kafka', 'KafkaNodePool'],
  (manifest) => {
    if (!isStrimzi(manifest)) return [];
    if (manifest.kind === 'Kafka') {
      const most = specOf<KafkaSpec>(manifest).kafka?.template?.podDisruptionBudget?.maxUnavailable;
      return [
        most !== 0 &&
          `podDisruptionBudget.maxUnavailable is ${most ?? 'not stated'}, expected 0: Strimzi's Drain Cleaner moves the pods`,
      ];
    }
    const grace = specOf<NodePool>(manifest).template?.pod?.terminationGracePeriodSeconds;
    return [
      (grace ?? 0) < SHORTEST_GRACE &&
        `terminationGracePeriodSeconds is ${grace ?? 'not stated'}, expected ${SHORTEST_GRACE} or more`,
    ];
  },
);
