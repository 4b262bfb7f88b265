import { type Labels, type PodSpec, type PodTemplate, selects, specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface GroupSpec {
  readonly replicas: number;
  readonly leaderWorkerTemplate: {
    readonly size?: number;
    readonly restartPolicy?: string;
    readonly leaderTemplate?: PodTemplate;
    readonly workerTemplate?: PodTemplate;
  };
  readonly rolloutStrategy: {
    readonly rollingUpdateConfiguration?: { readonly maxSurge?: unknown; readonly maxUnavailable?: unknown };
  };
}

const GROUP_KEY = 'leaderworkerset.sigs.k8s.io/group-key';

/** Rules 38 and 39, for a replica that is several pods. */
export const groupWhole = kindPolicy(
  {
    id: 'group-whole',
    rules: [38, 39, 42],
    source: 'LeaderWorkerSet documentation',
    reads: ['Service'],
    reason:
      'every pod of a group holds a part of one model: what is left when one goes answers nothing and keeps its GPUs',
  },
  ['LeaderWorkerSet'],
  (manifest, all) => {
    const { replicas, leaderWorkerTemplate: groups = {}, rolloutStrategy } = specOf<GroupSpec>(manifest);
    const { maxSurge, maxUnavailable } = rolloutStrategy?.rollingUpdateConfiguration ?? {};
    const isReached = (template: PodTemplate | undefined): boolean =>
      all.some(
        (other) =>
          other.kind === 'Service' &&
          other.metadata.namespace === manifest.metadata.namespace &&
          selects(specOf<{ selector: Labels }>(other).selector, template?.metadata?.labels),
      );
    const pods = [groups.leaderTemplate?.spec, groups.workerTemplate?.spec].filter((pod) => pod !== undefined);
    return [
      groups.restartPolicy !== 'RecreateGroupOnPodRestart' &&
        `restartPolicy is ${groups.restartPolicy ?? 'not stated'}: the group goes on without a part of its model`,
      (groups.size ?? 1) < 2 && 'does not state how many pods a group has',
      (replicas ?? 1) < 2 && `has ${replicas ?? 1} group, expected at least 2`,
      (maxSurge === undefined || maxUnavailable === undefined) &&
        'does not state maxSurge and maxUnavailable of its rollout',
      pods.some((pod) => !isKeptTogether(pod)) && 'the pods of one group may lie in several zones',
      pods.some(({ terminationGracePeriodSeconds: grace }) => grace !== pods[0]?.terminationGracePeriodSeconds) &&
        'its workers are killed at another time than their leader, with its answers in progress',
      isReached(groups.workerTemplate) && 'a Service sends requests to its workers, which answer none',
      !isReached(groups.leaderTemplate) && 'no Service reaches its leaders',
    ];
  },
);

const isKeptTogether = ({ affinity }: PodSpec): boolean =>
  (affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(
    (term) => term?.topologyKey !== undefined && term.matchLabelKeys?.includes(GROUP_KEY) === true,
  );
