import type { Duration, ResolvedWorker } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import type { Override } from './api-object.ts';
import { scaledJob } from './crd/scaled-job.ts';
import { NOT_MOVED } from './job-spec.ts';
import type { Backlog } from './keda/backlog.ts';
import { seconds } from './lowering.ts';
import type { Traffic } from './traffic.ts';
import { type WorkerPodProps, workerPod, workerTraffic } from './worker-pod.ts';
import { emitServiceAccount, metadataOf, type WorkloadContext } from './workload.ts';

export interface JobAutoscalerProps extends WorkerPodProps {
  /** What jobs are started by; its threshold is the backlog that one job takes. */
  readonly backlog: Backlog;
  /** Longest life of one job: ends what hangs. What it holds then goes back to the queue, and to the next job. */
  readonly deadline: Duration;
  readonly overrides?: { readonly scaledJob?: Override; readonly serviceAccount?: Override };
}

/** An item is tried again by its queue, which counts its attempts; a job that failed is not. */
const BACKOFF_LIMIT = 0;
/** Enough to see what happened last; failures for longer, until somebody has looked. */
const KEPT_DONE = 3;
const KEPT_FAILED = 10;
const KEPT_SECONDS = 86_400;

/**
 * A worker whose work is too long to be interrupted when replicas become fewer: jobs, by KEDA. Each takes items until the
 * queue has no more and ends, so that nothing is ever scaled down; a new version starts with the next job. The backlog
 * counts what is in work, so as many jobs start as it asks for less those that run.
 */
export class JobAutoscaler extends Construct {
  readonly nodes: { readonly scaledJob: ApiObject; readonly serviceAccount: ApiObject };
  readonly context: WorkloadContext<ResolvedWorker>;
  readonly traffic: Traffic;

  /**
   * @throws {ConstructError} `reference-missing` when a role that the service calls has no address; `deadline-too-short`
   *   when not even one item is sure to fit
   */
  constructor(scope: Construct, id: string, props: JobAutoscalerProps) {
    super(scope, id);
    this.context = props.context;
    this.traffic = workerTraffic(props);
    const { workload } = props.context;
    const spec = {
      jobTargetRef: {
        parallelism: 1,
        completions: 1,
        backoffLimit: BACKOFF_LIMIT,
        activeDeadlineSeconds: seconds(deadlineOf(props)),
        ttlSecondsAfterFinished: KEPT_SECONDS,
        template: jobPod(props),
      },
      pollingInterval: seconds(workload.pollingInterval),
      minReplicaCount: 0,
      maxReplicaCount: workload.maxReplicas,
      successfulJobsHistoryLimit: KEPT_DONE,
      failedJobsHistoryLimit: KEPT_FAILED,
      // By default a changed manifest deletes the jobs that run.
      rollout: { strategy: 'gradual' },
      scalingStrategy: { multipleScalersCalculation: 'sum' },
      triggers: props.backlog.triggers,
    } as const;
    this.nodes = {
      scaledJob: scaledJob(
        this,
        'scaled-job',
        { metadata: metadataOf(props.context), spec },
        props.overrides?.scaledJob,
      ),
      serviceAccount: emitServiceAccount(this, props.context, props.overrides?.serviceAccount),
    };
  }
}

function deadlineOf({ context, deadline }: JobAutoscalerProps): Duration {
  const { id, coldStart, workTime } = context.workload;
  const least = coldStart.plus(workTime.p99);
  if (!least.isLongerThan(deadline)) return deadline;
  throw new ConstructError(
    'deadline-too-short',
    `workers.${id}`,
    `received a deadline of ${deadline}, expected at least ${least}: a cold start and one item`,
  );
}

function jobPod(props: JobAutoscalerProps) {
  const { metadata, spec } = workerPod(props, 'until-empty');
  return {
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...NOT_MOVED } },
    spec: { ...spec, restartPolicy: 'Never' },
  };
}
