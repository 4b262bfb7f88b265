import { describe, expect, test } from '@jest/globals';
import { jobProfile, parseProfile } from '@penstock/model';
import { CronWork, type CronWorkProps, WorkloadNetwork } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { engines, image, manifestsIn, nats, postgres, shop, specIn } from './shop.ts';

const topology = shop();

const props = (shopOf = topology): CronWorkProps => ({
  context: { topology: shopOf, workload: shopOf.schedules.sweep, image },
  bus: nats.clientUrl,
  engines,
  reaches: [postgres],
});

const synthesize = (shopOf = topology): readonly Manifest[] =>
  manifestsIn((chart) => {
    const work = new CronWork(chart, 'sweep', props(shopOf));
    new WorkloadNetwork(chart, 'network', { workloads: [work], nats, monitoringNamespace: 'monitoring' });
  });

interface CronJobSpec {
  readonly jobTemplate: {
    readonly spec: {
      readonly template: {
        readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
        readonly spec: {
          readonly restartPolicy: string;
          readonly terminationGracePeriodSeconds: number;
          readonly containers: readonly Readonly<Record<string, unknown>>[];
        };
      };
    };
  };
}
const cronJobOf = (manifests = synthesize()) => specIn<CronJobSpec>(manifests, 'CronJob');
const podOf = (manifests = synthesize()) => cronJobOf(manifests).jobTemplate.spec.template;

describe('cron work', () => {
  test('follows the clock of a place, whatever the controller believes', () => {
    expect(cronJobOf()).toMatchObject({ schedule: '*/30 * * * *', timeZone: 'Europe/Berlin' });
    const anywhere = shop({ sweep: { timeZone: 'UTC' } });
    expect(cronJobOf(synthesize(anywhere))).toMatchObject({ timeZone: 'UTC' });
  });

  test('does not overlap, and starts until the next run is due', () => {
    expect(cronJobOf()).toMatchObject({ concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 1_800 });
  });

  test('overlaps where that was allowed', () => {
    const allowed = shop({ sweep: { overlap: 'allowed' } });
    expect(cronJobOf(synthesize(allowed))).toMatchObject({ concurrencyPolicy: 'Allow' });
  });

  test('is tried as often as declared and given up after all of it: 3 * (30 + 1800) s and 30 s of waits', () => {
    expect(cronJobOf().jobTemplate.spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 5_520 });
  });

  test('leaves a record for a week, and no heap of them', () => {
    expect(cronJobOf()).toMatchObject({
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: { spec: { ttlSecondsAfterFinished: 604_800 } },
    });
  });

  test('does not count an attempt that a drain has ended, and waits until it is gone', () => {
    expect(cronJobOf().jobTemplate.spec).toMatchObject({
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
    });
  });

  test('is not moved by those who only tidy nodes up', () => {
    expect(podOf().metadata.annotations).toMatchObject({
      'karpenter.sh/do-not-disrupt': 'true',
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
    });
  });

  test('begins again in a new pod, has time to stop, and is probed by nobody', () => {
    const { restartPolicy, terminationGracePeriodSeconds, containers } = podOf().spec;
    expect(restartPolicy).toBe('Never');
    expect(terminationGracePeriodSeconds).toBe(30);
    for (const field of ['ports', 'startupProbe', 'readinessProbe', 'livenessProbe', 'lifecycle'])
      expect(containers[0]).not.toHaveProperty(field);
  });

  test('is told its queue and its engine', () => {
    const env = podOf().spec.containers[0]?.['env'] as readonly { readonly name: string; readonly value: string }[];
    const profile = env.find(({ name }) => name === 'PENSTOCK_PROFILE')?.value;
    expect(parseProfile(profile, topology.schedules.sweep.service)).toEqual(jobProfile(topology, 'sweep'));
    expect(env.map(({ name }) => name)).toEqual(['PENSTOCK_PROFILE', 'PENSTOCK_BUS', 'PENSTOCK_ENGINE_RANKER']);
  });

  test('is heard by nobody', () => {
    expect(specIn(synthesize(), 'NetworkPolicy')).toMatchObject({ policyTypes: ['Egress'] });
  });

  test('holds every rule', () => {
    expect(checkManifests(synthesize())).toEqual([]);
  });
});

describeWith(realData, 'the schemas of the API server', () => {
  test('take every object of cron work', () => {
    const schemas = new ApiSchemas();
    const allowed = shop({ sweep: { overlap: 'allowed' } });
    const manifests = [...synthesize(), ...synthesize(allowed)];
    expect(manifests.flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
