import { describe, expect, test } from '@jest/globals';
import { App, Chart } from 'cdk8s';
import { ImageReference, InferenceServer, Weights } from '../../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { platform } from '../../../stacks/platform.ts';

const chart = new Chart(new App(), 'workloads', { namespace: 'mailroom' });
const engine = platform.engines.embedder;
const server = new InferenceServer(chart, 'embedder', {
  context: { topology: platform, workload: engine, image: ImageReference.parse('registry.example.com/engine:1.0.0') },
  namespace: 'mailroom',
  weights: Weights.image(ImageReference.parse('registry.example.com/models/minilm:1.0.0')),
});
const manifests = chart.toJson() as Manifest[];
const specOf = (kind: string) => manifests.find((each) => each.kind === kind)?.['spec'];
const podOf = () => (specOf('Deployment') as { readonly template: { readonly spec: unknown } }).template.spec;

describe('an inference server', () => {
  test('has the replicas of the model, since nothing scales it', () => {
    expect(specOf('Deployment')).toMatchObject({ replicas: engine.replicas });
  });

  test('may load for as long as the model says before the kubelet gives up', () => {
    const { failureThreshold, periodSeconds } = (
      podOf() as { containers: [{ startupProbe: { failureThreshold: number; periodSeconds: number } }] }
    ).containers[0].startupProbe;
    expect(failureThreshold * periodSeconds).toBeGreaterThanOrEqual(engine.startupBudget.toSeconds('up'));
  });

  test('mounts its weights read-only from an image of their revision', () => {
    expect(podOf()).toMatchObject({
      volumes: [{ name: 'scratch' }, { image: { reference: 'registry.example.com/models/minilm:1.0.0' } }],
      containers: [
        {
          env: expect.arrayContaining([{ name: 'PENSTOCK_MODEL_DIR', value: '/var/lib/penstock/model' }]),
          volumeMounts: expect.arrayContaining([
            { name: 'model', mountPath: '/var/lib/penstock/model', readOnly: true },
          ]),
        },
      ],
    });
  });

  test('leaves the endpoints before it stops to listen, and has its whole drain after that', () => {
    const { terminationGracePeriodSeconds, containers } = podOf() as {
      readonly terminationGracePeriodSeconds: number;
      readonly containers: readonly [
        { readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } } },
      ];
    };
    const { seconds } = containers[0].lifecycle.preStop.sleep;
    expect(seconds).toBeGreaterThan(0);
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(seconds + engine.drain.toSeconds('up'));
  });

  test('loses one replica at a time to a drain, and unhealthy ones at once', () => {
    expect(specOf('PodDisruptionBudget')).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });

  test('is spread over zones, each revision by itself', () => {
    expect(podOf()).toMatchObject({
      topologySpreadConstraints: [
        { topologyKey: 'topology.kubernetes.io/zone', matchLabelKeys: ['pod-template-hash'] },
      ],
    });
  });

  test('is found under the name of its service', () => {
    expect(server.address.lower()).toBe('http://mailroom-embedder.mailroom.svc.cluster.local:8080');
    expect(specOf('Service')).toMatchObject({ ports: [{ port: 8080, targetPort: 'http' }] });
  });
});
