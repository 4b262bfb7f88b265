import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface JobSpec {
  readonly ttlSecondsAfterFinished: number;
  readonly backoffLimit: number;
  readonly activeDeadlineSeconds: number;
}

interface CronJobSpec {
  readonly jobTemplate: { readonly spec?: Partial<JobSpec> };
  readonly startingDeadlineSeconds: number;
  readonly concurrencyPolicy: string;
}

interface ScaledJobSpec {
  readonly jobTargetRef: Partial<JobSpec>;
  readonly successfulJobsHistoryLimit: number;
  readonly failedJobsHistoryLimit: number;
}

/** Rule 43. */
export const jobBounds = kindPolicy(
  {
    id: 'job-bounds',
    rules: [43],
    source: 'EKS Best Practices (AI/ML compute), kube-score',
    reason:
      'a job that hangs holds its machine for ever, one that fails tries for ever, one that is done stays for ever',
  },
  ['Job', 'CronJob', 'ScaledJob'],
  (manifest) => {
    if (manifest.kind === 'Job') return missing(specOf<JobSpec>(manifest), []);
    if (manifest.kind === 'CronJob') {
      const { jobTemplate, startingDeadlineSeconds, concurrencyPolicy } = specOf<CronJobSpec>(manifest);
      return [
        ...missing(jobTemplate?.spec ?? {}, []),
        startingDeadlineSeconds === undefined &&
          'does not state startingDeadlineSeconds: after 100 missed runs it never runs again',
        concurrencyPolicy === undefined && 'does not state concurrencyPolicy: a slow run overlaps with the next',
      ];
    }
    const { jobTargetRef = {}, ...spec } = specOf<ScaledJobSpec>(manifest);
    // KEDA removes what is beyond its history; by default it keeps a hundred of each.
    const cleans = spec.successfulJobsHistoryLimit !== undefined && spec.failedJobsHistoryLimit !== undefined;
    return missing(jobTargetRef, cleans ? ['ttlSecondsAfterFinished'] : []);
  },
);

const missing = (job: Partial<JobSpec>, except: readonly string[]): readonly string[] =>
  (['ttlSecondsAfterFinished', 'backoffLimit', 'activeDeadlineSeconds'] as const)
    .filter((field) => job[field] === undefined && !except.includes(field))
    .map((field) => `does not state ${field}`);
