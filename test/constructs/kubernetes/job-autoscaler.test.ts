import { beforeAll, describe, expect, test } from '@jest/globals';
import { Duration, PROFILE_VARIABLE } from '@penstock/model';
import { App, Chart, JsonPatch } from 'cdk8s';
import { ConstructError } from '../../../constructs/errors.ts';
import { ImageReference, WorkloadNetwork } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { BACKLOGS, jobsBy, nats, topologyWith, warm, workerOf } from './keda/scaled.ts';

interface Pod {
  readonly restartPolicy: string;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [{ readonly env: readonly { readonly name: string; readonly value: string }[] }];
}

interface Spec {
  readonly pollingInterval: number;
  readonly maxReplicaCount: number;
  readonly jobTargetRef: Readonly<Record<string, unknown>> & { readonly template: { readonly spec: Pod } };
}

const scaledJobOf = (manifests: readonly Manifest[]): Manifest =>
  manifests.find(({ kind }) => kind === 'ScaledJob') as Manifest;
const specOf = (manifests: readonly Manifest[]): Spec => scaledJobOf(manifests)['spec'] as Spec;

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a worker as jobs', () => {
  test.each(Object.keys(BACKLOGS))('holds every rule by %s', (name) => {
    expect(checkManifests(jobsBy(name))).toEqual([]);
  });

  test('tells its service to end when the queue is empty', () => {
    const [container] = specOf(jobsBy('JetStream')).jobTargetRef.template.spec.containers;
    const profile = container.env.find(({ name }) => name === PROFILE_VARIABLE)?.value ?? '{}';
    expect(JSON.parse(profile)).toMatchObject({ kind: 'worker', lifetime: 'until-empty' });
  });

  test('leaves trying again to the queue, which counts attempts and has dead letters', () => {
    const { jobTargetRef } = specOf(jobsBy('JetStream'));
    expect(jobTargetRef).toMatchObject({ backoffLimit: 0, parallelism: 1, completions: 1 });
    expect(jobTargetRef.template.spec.restartPolicy).toBe('Never');
  });

  test('ends what hangs, and forgets what is done', () => {
    expect(specOf(jobsBy('JetStream'))).toMatchObject({
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 10,
      jobTargetRef: { activeDeadlineSeconds: 21_600, ttlSecondsAfterFinished: 86_400 },
    });
  });

  test('looks as often and runs as many as the model says', () => {
    const { pollingInterval, maxReplicas } = workerOf(warm);
    expect(specOf(jobsBy('JetStream'))).toMatchObject({
      pollingInterval: pollingInterval.inSeconds,
      minReplicaCount: 0,
      maxReplicaCount: maxReplicas,
    });
  });

  test('may finish an item at the end of its life: the grace of the model', () => {
    expect(specOf(jobsBy('JetStream')).jobTargetRef.template.spec.terminationGracePeriodSeconds).toBe(
      workerOf(warm).terminationGrace.toSeconds(),
    );
  });

  test('is let through to its broker by the network as a deployment is', () => {
    const chart = new Chart(new App(), 'network', { namespace: 'jobs' });
    const image = ImageReference.parse('registry.example.com/penstock/mail-classifier:0.1.0');
    const context = { topology: warm, workload: workerOf(warm), image };
    const workloads = [{ context, traffic: { usesBroker: true } }];
    new WorkloadNetwork(chart, 'network', { workloads, nats, monitoringNamespace: 'mon' });
    const [policy] = chart.toJson() as [{ readonly spec: { readonly podSelector: { readonly matchLabels: object } } }];
    const selected = policy.spec.podSelector.matchLabels;
    const pod = specOf(jobsBy('JetStream')).jobTargetRef.template as unknown as { metadata: { labels: object } };
    expect(pod.metadata.labels).toMatchObject(selected);
  });

  test('can be changed where no prop reaches, and policies see the result', () => {
    const scaledJob = [JsonPatch.remove('/spec/jobTargetRef/activeDeadlineSeconds')];
    const findings = checkManifests(jobsBy('JetStream', { overrides: { scaledJob } }));
    expect(findings.map(({ policy }) => policy)).toEqual(['job-bounds']);
  });

  test('rejects a deadline in which not even one item is sure to be done', () => {
    const long = topologyWith({ workTime: { mean: '1 minute', p99: '4 minutes' }, coldStart: '2 minutes' });
    const error = errorOf(() => jobsBy('JetStream', { deadline: Duration.parse('5 minutes') }, long));
    expect(ConstructError.is(error, 'deadline-too-short')).toBe(true);
    expect(String(error)).toContain('workers.run: received a deadline of 5 minutes, expected at least');
  });
});

describeWith(realData, "held against KEDA's definitions", () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  test.each(Object.keys(BACKLOGS))('every object of jobs by %s is one that the API server takes', (name) => {
    expect(jobsBy(name).flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
