import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a LeaderWorkerSet that we emit. */
export interface LeaderWorkerSetSpec {
  /** Groups. */
  readonly replicas: number;
  readonly startupPolicy: 'LeaderCreated';
  readonly rolloutStrategy: {
    readonly type: 'RollingUpdate';
    readonly rollingUpdateConfiguration: { readonly maxSurge: number; readonly maxUnavailable: number };
  };
  readonly leaderWorkerTemplate: {
    /** Pods of one group, its leader counted. */
    readonly size: number;
    readonly restartPolicy: 'RecreateGroupOnPodRestart';
    readonly leaderTemplate: unknown;
    readonly workerTemplate: unknown;
  };
}

export function leaderWorkerSet(
  scope: Construct,
  id: string,
  props: CustomResourceProps<LeaderWorkerSetSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'leaderworkerset.x-k8s.io/v1', kind: 'LeaderWorkerSet', ...props }, override);
}
