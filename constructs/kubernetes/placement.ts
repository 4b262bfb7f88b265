import type { k8s } from 'cdk8s-plus-28';

type Spread = Pick<k8s.PodSpec, 'affinity' | 'topologySpreadConstraints'>;

/** Where the pods of a workload may run, as JSON: some of it is newer than the generated types. */
export interface Placement {
  readonly affinity?: unknown;
  readonly topologySpreadConstraints?: readonly k8s.TopologySpreadConstraint[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly k8s.Toleration[];
}

/** Label of a node, and of its pods from Kubernetes 1.35. */
export const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';

/**
 * For replicas that are independent of each other: even over the zones, and on different nodes where there are enough.
 * Not required, since a zone without room must not keep a platform from starting; and counted per revision, or a rollout
 * would balance against the pods it is about to remove.
 */
export function spreadApart(labels: Readonly<Record<string, string>>): Spread {
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
export function keepApart(labels: Readonly<Record<string, string>>): Spread {
  const labelSelector = { matchLabels: labels };
  return {
    topologySpreadConstraints: [{ topologyKey: ZONE, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector }],
    affinity: {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: HOST, labelSelector }] },
    },
  };
}

/**
 * For groups whose pods work on one answer together: all of a group in one zone, since they wait for each other at every
 * layer; each group wherever it finds room.
 */
export function keepGroupTogether(labels: Readonly<Record<string, string>>): Placement {
  return {
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: ZONE, labelSelector: { matchLabels: labels }, matchLabelKeys: [GROUP_KEY] },
        ],
      },
    },
  };
}

/** Set by LeaderWorkerSet: the same for all pods of one group. */
const GROUP_KEY = 'leaderworkerset.sigs.k8s.io/group-key';

/** For replicas that share a volume which only one node can mount. The first one is free to go anywhere. */
export function keepTogether(labels: Readonly<Record<string, string>>): Spread {
  return {
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: HOST, labelSelector: { matchLabels: labels } }],
      },
    },
  };
}
