import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf } from './case.ts';

const metadata = (name: string) => ({ name, namespace: 'jobs' });
const amounts = { memory: '256Mi', 'ephemeral-storage': '1Gi' };
const template = {
  spec: {
    serviceAccountName: 'reindex',
    automountServiceAccountToken: false,
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 60,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'reindex',
        image: 'registry.example.com/reindex:1.0.0',
        resources: { requests: { cpu: '250m', ...amounts }, limits: amounts },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  },
};
const bounds = { ttlSecondsAfterFinished: 86_400, backoffLimit: 2, activeDeadlineSeconds: 3_600 };
const account: Manifest = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: metadata('reindex'),
  automountServiceAccountToken: false,
};
const compliant: readonly Manifest[] = [
  account,
  { apiVersion: 'batch/v1', kind: 'Job', metadata: metadata('migrate'), spec: { ...bounds, template } },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadata('nightly'),
    spec: {
      schedule: '0 3 * * *',
      timeZone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 600,
      jobTemplate: { spec: { ...bounds, template } },
    },
  },
  {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledJob',
    metadata: metadata('transcode'),
    spec: {
      pollingInterval: 30,
      maxReplicaCount: 10,
      successfulJobsHistoryLimit: 5,
      failedJobsHistoryLimit: 5,
      rollout: { strategy: 'gradual' },
      scalingStrategy: { multipleScalersCalculation: 'sum' },
      jobTargetRef: { backoffLimit: 2, activeDeadlineSeconds: 3_600, template },
      triggers: [{ lagCount: '1' }, { pendingEntriesCount: '1' }].map((target) => ({
        type: 'redis-streams',
        metadata: { address: 'valkey:6379', stream: 'clips', consumerGroup: 'x', ...target },
      })),
    },
  },
];
const { broken } = casesOf(compliant);
const JOB = ['Job', 'migrate'] as const;
const CRON = ['CronJob', 'nightly'] as const;
const SCALED = ['ScaledJob', 'transcode'] as const;

export const jobCases: CaseSet = {
  name: 'jobs',
  compliant,
  cases: [
    broken(
      'job-removed',
      'a job that stays',
      JOB,
      'spec.ttlSecondsAfterFinished',
      undefined,
      /ttlSecondsAfterFinished/,
    ),
    broken('job-bounds', 'a job that tries six times', JOB, 'spec.backoffLimit', undefined, /backoffLimit/),
    broken('job-bounds', 'a job without an end', JOB, 'spec.activeDeadlineSeconds', undefined, /activeDeadlineSeconds/),
    broken(
      'job-bounds',
      'a run without an end',
      CRON,
      'spec.jobTemplate.spec.activeDeadlineSeconds',
      undefined,
      /activeDeadline/,
    ),
    broken('job-bounds', 'runs that were missed', CRON, 'spec.startingDeadlineSeconds', undefined, /never runs again/),
    broken(
      'job-bounds',
      'an attempt that nobody gives time to stop',
      JOB,
      'spec.template.spec.terminationGracePeriodSeconds',
      undefined,
      /ends an attempt after 30 s/,
    ),
    broken('job-bounds', 'a window between two looks', CRON, 'spec.startingDeadlineSeconds', 5, /looks every 10 s/),
    broken('job-removed', 'runs that stay', CRON, 'spec.jobTemplate.spec.ttlSecondsAfterFinished', undefined, /ttl/),
    broken('schedule-zoned', 'the clock of the controller', CRON, 'spec.timeZone', undefined, /timeZone/),
    broken('schedule-zoned', 'a zone that is refused', CRON, 'spec.schedule', 'TZ=UTC 0 3 * * *', /refuses/),
    broken('job-bounds', 'runs that overlap', CRON, 'spec.concurrencyPolicy', undefined, /overlaps/),
    broken(
      'job-removed',
      'a history of a hundred',
      SCALED,
      'spec.failedJobsHistoryLimit',
      undefined,
      /ttlSecondsAfterFinished/,
    ),
    broken(
      'job-bounds',
      'a scaled job without an end',
      SCALED,
      'spec.jobTargetRef.activeDeadlineSeconds',
      undefined,
      /activeDeadline/,
    ),
    broken('scaled-job-kept', 'jobs that go with a change', SCALED, 'spec.rollout', undefined, /deletes the jobs/),
    broken(
      'scaled-job-kept',
      'the larger of two parts of one backlog',
      SCALED,
      'spec.scalingStrategy',
      undefined,
      /expected multipleScalersCalculation sum/,
    ),
    broken(
      'scaled-job-kept',
      'two jobs for one item',
      SCALED,
      'spec',
      {
        ...(compliant.find(({ kind }) => kind === 'ScaledJob')?.['spec'] as object),
        scalingStrategy: { strategy: 'accurate' },
        triggers: [{ type: 'nats-jetstream', metadata: {} }],
      },
      /accurate starts a second job/,
    ),
    broken(
      'scaled-job-kept',
      'a metric of a ScaledObject',
      SCALED,
      'spec.triggers.0.metricType',
      'AverageValue',
      /starts no job at all/,
    ),
    broken('scaler-explicit', 'a hundred jobs', SCALED, 'spec.maxReplicaCount', undefined, /maxReplicaCount/),
    broken(
      'pod-security-restricted',
      'a scaled job that may be root',
      SCALED,
      'spec.jobTargetRef.template.spec.securityContext',
      {},
      /runAsNonRoot/,
    ),
    broken(
      'read-only-root',
      'a run with a writable root',
      CRON,
      'spec.jobTemplate.spec.template.spec.containers.0.securityContext.readOnlyRootFilesystem',
      false,
      /readOnlyRootFilesystem/,
    ),
    broken(
      'service-account-token',
      'a token for the next pod',
      ['ServiceAccount', 'reindex'],
      'automountServiceAccountToken',
      undefined,
      /automountServiceAccountToken/,
    ),
    broken(
      'service-account-token',
      'a token that is asked for',
      ['ServiceAccount', 'reindex'],
      'automountServiceAccountToken',
      true,
      /no binding/,
    ),
    broken(
      'process-user',
      'an account of the node',
      JOB,
      'spec.template.spec.securityContext.runAsUser',
      1_000,
      /runAsUser is 1000/,
    ),
    broken(
      'process-user',
      'the group of the image',
      JOB,
      'spec.template.spec.securityContext.runAsGroup',
      undefined,
      /runAsGroup is not stated/,
    ),
  ],
};
