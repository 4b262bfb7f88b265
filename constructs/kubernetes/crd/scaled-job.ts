import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';
import type { Trigger } from './trigger.ts';

/** The fields of a KEDA ScaledJob that we emit. It has no fallback: KEDA starts no job that it sees no reason for. */
export interface ScaledJobSpec {
  readonly jobTargetRef: {
    readonly parallelism: 1;
    readonly completions: 1;
    readonly backoffLimit: number;
    /** Seconds. */
    readonly activeDeadlineSeconds: number;
    /** Seconds. */
    readonly ttlSecondsAfterFinished: number;
    readonly template: unknown;
  };
  /** Seconds. */
  readonly pollingInterval: number;
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly successfulJobsHistoryLimit: number;
  readonly failedJobsHistoryLimit: number;
  readonly rollout: { readonly strategy: 'gradual' };
  /** How several triggers make one number; with its `strategy` left out, jobs that run are taken off that number. */
  readonly scalingStrategy: { readonly multipleScalersCalculation: 'sum' };
  readonly triggers: readonly Trigger[];
}

export function scaledJob(
  scope: Construct,
  id: string,
  props: CustomResourceProps<ScaledJobSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledJob', ...props }, override);
}
