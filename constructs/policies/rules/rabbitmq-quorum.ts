import { specOf } from '../manifest.ts';
import { budgetFaults, placesBy } from '../operator-pods.ts';
import { kindPolicy } from '../policy.ts';
import { type RabbitSpec, rabbitPods } from '../rabbitmq.ts';

/** Rule 59, the nodes. */
export const rabbitmqQuorum = kindPolicy(
  {
    id: 'rabbitmq-quorum',
    rules: [59],
    source: 'RabbitMQ documentation (clustering, production checklist)',
    reads: ['PodDisruptionBudget'],
    reason: 'a queue stands still without a majority of its nodes, and nodes of one machine or zone go together',
  },
  ['RabbitmqCluster'],
  (manifest, all) => {
    const { replicas = 1, affinity, override } = specOf<RabbitSpec>(manifest);
    const pods = rabbitPods(manifest);
    const zones = (override?.statefulSet?.spec?.template?.spec?.topologySpreadConstraints ?? []).filter(
      placesBy('topology.kubernetes.io/zone', pods),
    );
    const apart = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    return [
      replicas !== 3 && replicas !== 5 && `has ${replicas} nodes, expected 3 or 5`,
      !zones.some(({ maxSkew, whenUnsatisfiable }) => maxSkew === 1 && whenUnsatisfiable === 'DoNotSchedule') &&
        'may have a majority in one zone: expected a required spread over zones in its override',
      !apart.some(placesBy('kubernetes.io/hostname', pods)) &&
        'may have two nodes on one machine: expected a required anti-affinity by host',
      ...budgetFaults(manifest, pods, all),
    ];
  },
);
