import { describe, expect, test } from '@jest/globals';
import { mailClassifier } from '@penstock/mail-classifier/service';
import { defineTopology, type Topology, type WorkerSpec } from '@penstock/model';
import { ConstructError } from '../../../constructs/errors.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { environments } from '../../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';

// One test for each way in which KEDA on queues has failed others.

const service = { ...mailClassifier, calls: [] };

function topologyWith(worker: Partial<WorkerSpec<'jobs', never>>): Topology {
  const spec = {
    service,
    queue: 'jobs',
    workTime: { mean: '200 milliseconds', p99: '1 second' },
    ...worker,
  } as WorkerSpec<'jobs', never>;
  return defineTopology({
    name: 'scale',
    queues: { jobs: { arrivalRate: '20/s', peakRate: '200/s', doneWithin: '5 minutes' } },
    workers: { run: spec },
  });
}

interface ScaledObject {
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly cooldownPeriod: number;
  readonly initialCooldownPeriod: number;
  readonly idleReplicaCount?: number;
  readonly fallback: { readonly replicas: number; readonly behavior: string; readonly failureThreshold: number };
  readonly triggers: readonly [{ readonly metricType: string; readonly metadata: Readonly<Record<string, string>> }];
  readonly advanced: {
    readonly horizontalPodAutoscalerConfig: {
      readonly behavior: { readonly scaleDown: { readonly stabilizationWindowSeconds: number } };
    };
  };
}

function synthesize(topology: Topology): { readonly scaler: ScaledObject; readonly deployment: Manifest } {
  const manifests = synthesizeKubernetes(topology, environments.dev);
  const of = (kind: string) => manifests.find((each) => each.kind === kind) as Manifest;
  return { scaler: of('ScaledObject')['spec'] as ScaledObject, deployment: of('Deployment') };
}

const warm = topologyWith({});
const zero = topologyWith({ idle: 'scale-to-zero' });

describe('a worker scaled by its queue', () => {
  test('asks the headless service of NATS, where the leader of the consumer can be found by its pod', () => {
    const { metadata } = synthesize(warm).scaler.triggers[0];
    expect(metadata['natsServerMonitoringEndpoint']).toBe('nats-headless.nats.svc.cluster.local:8222');
  });

  test('names account, stream and consumer of the model, so that no other lag is counted', () => {
    const { metadata } = synthesize(warm).scaler.triggers[0];
    expect(metadata).toMatchObject({ account: '$G', stream: 'SCALE_JOBS', consumer: 'run' });
  });

  test('scales by the lag threshold of the model, as an average over replicas, or the fallback would not apply', () => {
    const { metricType, metadata } = synthesize(warm).scaler.triggers[0];
    expect(metadata['lagThreshold']).toBe(String(warm.workers['run']?.lagThreshold));
    expect(metricType).toBe('AverageValue');
  });

  test('writes every parameter as text, the only form KEDA reads', () => {
    const values = Object.values(synthesize(warm).scaler.triggers[0].metadata);
    expect(values.map((value) => typeof value)).toEqual(values.map(() => 'string'));
  });

  test('has no replicas of its own: an apply would undo what the scaler did', () => {
    expect(synthesize(warm).deployment['spec']).not.toHaveProperty('replicas');
  });

  test('does not run the whole fleet when the consumer is missing: it keeps what runs, and at least the minimum', () => {
    const { fallback, minReplicaCount, maxReplicaCount } = synthesize(warm).scaler;
    expect(fallback).toEqual({ failureThreshold: 3, replicas: minReplicaCount, behavior: 'currentReplicasIfHigher' });
    expect(fallback.replicas).toBeLessThan(maxReplicaCount);
  });

  test('keeps one replica when it cannot see and would be at zero', () => {
    expect(synthesize(zero).scaler).toMatchObject({ minReplicaCount: 0, fallback: { replicas: 1 } });
  });

  test('does not go to zero at its first deployment, before it has looked', () => {
    const { initialCooldownPeriod, cooldownPeriod } = synthesize(zero).scaler;
    expect(initialCooldownPeriod).toBe(cooldownPeriod);
  });

  test('wakes from zero for a single item', () => {
    expect(synthesize(zero).scaler.triggers[0].metadata['activationLagThreshold']).toBe('0');
  });

  test('waits out a cold start before it goes down: the cooldown of the model', () => {
    const { scaler } = synthesize(topologyWith({ coldStart: '4 minutes' }));
    expect(scaler.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds).toBe(480);
  });

  test('says when to start and stop the first replica only where there may be none', () => {
    expect(synthesize(zero).scaler).toMatchObject({
      pollingInterval: zero.workers['run']?.pollingInterval.inSeconds,
      cooldownPeriod: zero.workers['run']?.cooldown.inSeconds,
    });
    for (const field of ['pollingInterval', 'cooldownPeriod', 'initialCooldownPeriod'])
      expect(synthesize(warm).scaler).not.toHaveProperty(field);
  });

  test('has the bounds of the model', () => {
    const { minReplicas, maxReplicas } = warm.workers['run'] as Topology['workers'][string];
    expect(synthesize(warm).scaler).toMatchObject({ minReplicaCount: minReplicas, maxReplicaCount: maxReplicas });
  });

  test('rejects a cooldown that the autoscaler cannot hold back a scale-down for', () => {
    const topology = topologyWith({ pinned: { cooldown: '2 hours' } });
    let error: unknown;
    try {
      synthesize(topology);
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'window-too-long')).toBe(true);
    expect(String(error)).toContain('workers.run.cooldown: received 7200 s, expected at most 3600 s');
  });
});
