import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { quantityOf } from '../quantity.ts';
import { type RabbitSpec, rabbitSetting } from '../rabbitmq.ts';

/** Less than this and a node is ended while it waits for others to catch up. */
const LEAST_GRACE_SECONDS = 3_600;

/** Rule 59, what a confirmed message is on. */
export const rabbitmqDurable = kindPolicy(
  {
    id: 'rabbitmq-durable',
    rules: [59],
    source: 'RabbitMQ documentation (quorum queues), operator documentation (persistence, graceful termination)',
    reason:
      'a classic queue is on one node, and a volume of the pod goes with the pod: either loses what was confirmed',
  },
  ['RabbitmqCluster'],
  (manifest) => {
    const {
      replicas = 1,
      persistence,
      rabbitmq,
      override,
      terminationGracePeriodSeconds,
    } = specOf<RabbitSpec>(manifest);
    const type = rabbitSetting(rabbitmq?.additionalConfig, 'default_queue_type');
    const retention = override?.statefulSet?.spec?.persistentVolumeClaimRetentionPolicy;
    return [
      type !== 'quorum' && `default_queue_type is ${type ?? 'not stated'}, expected quorum`,
      (quantityOf(persistence?.storage) ?? 0) === 0 && 'does not state the size of its volumes (persistence.storage)',
      persistence?.storageClassName === undefined && 'does not state the class of its storage',
      (retention?.whenDeleted !== 'Retain' || retention.whenScaled !== 'Retain') &&
        'does not keep the claims of its nodes: expected a retention policy of Retain in its override',
      replicas > 1 &&
        (terminationGracePeriodSeconds ?? 0) < LEAST_GRACE_SECONDS &&
        `gives a node ${terminationGracePeriodSeconds ?? 'an unstated number of'} seconds to hand over its queues, expected at least ${LEAST_GRACE_SECONDS}`,
    ];
  },
);
