import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface JobSpec {
  readonly ttlSecondsAfterFinished: number;
}

/** What removes the jobs of a kind when they are done; of a Job its owner would, and it may have none. */
interface OwnerSpec {
  readonly jobTemplate: { readonly spec?: Partial<JobSpec> };
  readonly jobTargetRef: Partial<JobSpec>;
  readonly successfulJobsHistoryLimit: number;
  readonly failedJobsHistoryLimit: number;
}

/** Rule 43, what is left of a job; apart from `job-bounds`, since a job may have to stay as the record that it ran. */
export const jobRemoved = kindPolicy(
  {
    id: 'job-removed',
    rules: [43],
    source: 'EKS Best Practices (AI/ML compute), kube-score',
    reason: 'jobs that are done stay for ever, and with them pods that the API server lists to everyone who asks',
  },
  ['Job', 'CronJob', 'ScaledJob'],
  (manifest) => {
    const { jobTemplate, jobTargetRef, ...owner } = specOf<OwnerSpec>(manifest);
    // KEDA removes what is beyond its history; by default it keeps a hundred of each.
    const cleans =
      manifest.kind === 'ScaledJob' &&
      owner.successfulJobsHistoryLimit !== undefined &&
      owner.failedJobsHistoryLimit !== undefined;
    const job = { Job: specOf<JobSpec>(manifest), CronJob: jobTemplate?.spec, ScaledJob: jobTargetRef }[manifest.kind];
    return [!cleans && job?.ttlSecondsAfterFinished === undefined && 'does not state ttlSecondsAfterFinished'];
  },
);
