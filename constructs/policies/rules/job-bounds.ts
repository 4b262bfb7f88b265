import { type Manifest, podsOf, specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface JobSpec {
  readonly backoffLimit: number;
  readonly activeDeadlineSeconds: number;
}

interface CronJobSpec {
  readonly jobTemplate: { readonly spec?: Partial<JobSpec> };
  readonly startingDeadlineSeconds: number;
  readonly concurrencyPolicy: string;
}

/** Rule 43. */
export const jobBounds = kindPolicy(
  {
    id: 'job-bounds',
    rules: [43],
    source: 'EKS Best Practices (AI/ML compute), kube-score',
    reason: 'a job that hangs holds its machine for ever, one that fails is tried for ever',
  },
  ['Job', 'CronJob', 'ScaledJob'],
  (manifest) => {
    if (manifest.kind === 'Job') return missing(manifest, specOf<JobSpec>(manifest));
    if (manifest.kind === 'ScaledJob') {
      return missing(manifest, specOf<{ readonly jobTargetRef: Partial<JobSpec> }>(manifest).jobTargetRef);
    }
    const { jobTemplate, startingDeadlineSeconds, concurrencyPolicy } = specOf<CronJobSpec>(manifest);
    return [
      ...missing(manifest, jobTemplate?.spec),
      startingDeadlineSeconds === undefined &&
        'does not state startingDeadlineSeconds: after 100 missed runs it never runs again',
      startingDeadlineSeconds !== undefined &&
        startingDeadlineSeconds < CONTROLLER_PERIOD_SECONDS &&
        `startingDeadlineSeconds is ${startingDeadlineSeconds}: the controller looks every ${CONTROLLER_PERIOD_SECONDS} s and may miss every run`,
      concurrencyPolicy === undefined && 'does not state concurrencyPolicy: a slow run overlaps with the next',
    ];
  },
);

const CONTROLLER_PERIOD_SECONDS = 10;

const missing = (manifest: Manifest, job: Partial<JobSpec> = {}): readonly (string | false)[] => [
  ...(['backoffLimit', 'activeDeadlineSeconds'] as const)
    .filter((field) => job[field] === undefined)
    .map((field) => `does not state ${field}`),
  podsOf(manifest).some(({ terminationGracePeriodSeconds }) => terminationGracePeriodSeconds === undefined) &&
    'does not state terminationGracePeriodSeconds: a drain ends an attempt after 30 s, wherever it stands',
];
