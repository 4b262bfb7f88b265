import type { k8s } from 'cdk8s-plus-28';

type Placement = Pick<k8s.PodSpec, 'affinity' | 'topologySpreadConstraints'>;

/** Label of a node, and of its pods from Kubernetes 1.35. */
export const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';

/**
 * For replicas that are independent of each other: even over the zones, and on different nodes where there are enough.
 * Not required, since a zone without room must not keep a platform from starting; and counted per revision, or a rollout
 * would balance against the pods it is about to remove.
 */
export function spreadApart(labels: Readonly<Record<string, string>>): Placement {
  return {
    topologySpreadConstraints: [
      {
        topologyKey: ZONE,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labels },
        matchLabelKeys: ['pod-template-hash'],
      },
    ],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: HOST, labelSelector: { matchLabels: labels } } },
        ],
      },
    },
  };
}

/**
 * For replicas that vote: one a node and no zone with two more than another. Required, since those of one zone or node
 * would be lost together, and with them the majority.
 */
export function keepApart(labels: Readonly<Record<string, string>>): Placement {
  const labelSelector = { matchLabels: labels };
  return {
    topologySpreadConstraints: [{ topologyKey: ZONE, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector }],
    affinity: {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: HOST, labelSelector }] },
    },
  };
}

/** For replicas that share a volume which only one node can mount. The first one is free to go anywhere. */
export function keepTogether(labels: Readonly<Record<string, string>>): Placement {
  return {
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: HOST, labelSelector: { matchLabels: labels } }],
      },
    },
  };
}
