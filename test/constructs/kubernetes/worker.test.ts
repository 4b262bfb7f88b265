import { describe, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import { App, Chart, JsonPatch } from 'cdk8s';
import { Binding } from '../../../constructs/binding.ts';
import { EffectVolume, ImageReference, Worker, type WorkerProps } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { platform } from '../../../stacks/platform.ts';

const DIGEST = `registry.example.com/mail-classifier@sha256:${'a'.repeat(64)}`;

function synthesize(change: Partial<WorkerProps> = {}): readonly Manifest[] {
  const chart = new Chart(new App(), 'workloads', { namespace: 'mailroom' });
  const context = { topology: platform, workload: platform.workers.classify, image: ImageReference.parse(DIGEST) };
  const effects = new EffectVolume(chart, 'effects', { context, size: Bytes.parse('1 GiB'), storageClass: 'standard' });
  new Worker(chart, 'classify', {
    context,
    effects,
    bus: Binding.of('nats://nats:4222'),
    engines: { embedder: Binding.of('http://embedder:8080') },
    ...change,
  });
  return chart.toJson() as Manifest[];
}

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly affinity: {
    readonly podAffinity: { readonly requiredDuringSchedulingIgnoredDuringExecution: readonly unknown[] };
  };
  readonly volumes: readonly unknown[];
  readonly containers: readonly [Readonly<Record<string, unknown>>];
}

const deploymentOf = (manifests: readonly Manifest[]): Manifest =>
  manifests.find(({ kind }) => kind === 'Deployment') as Manifest;
const podOf = (manifests: readonly Manifest[]): Pod =>
  (deploymentOf(manifests)['spec'] as { readonly template: { readonly spec: Pod } }).template.spec;

describe('a worker', () => {
  test('may drain for as long as the model says before it is killed', () => {
    expect(podOf(synthesize()).terminationGracePeriodSeconds).toBe(
      platform.workers.classify.terminationGrace.toSeconds(),
    );
  });

  test('hears SIGTERM at once: nobody calls it, so there is nothing to wait for', () => {
    expect(podOf(synthesize()).containers[0]).not.toHaveProperty('lifecycle');
  });

  test('has the resources of the model, without a limit on the processor', () => {
    expect(podOf(synthesize()).containers[0]['resources']).toEqual({
      requests: { cpu: '250m', memory: '256Mi', 'ephemeral-storage': '1Gi' },
      limits: { memory: '256Mi', 'ephemeral-storage': '1Gi' },
    });
  });

  test('is not killed for what its readiness says: a profile that does not fit keeps it up, and not ready', () => {
    const [container] = podOf(synthesize()).containers;
    expect(container).toMatchObject({
      startupProbe: { httpGet: { path: '/livez', port: 'ops' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'ops' } },
      livenessProbe: { httpGet: { path: '/livez', port: 'ops' } },
    });
  });

  test('shares one file of effects with its other replicas, and so its node', () => {
    const manifests = synthesize();
    const claims = manifests.filter(({ kind }) => kind === 'PersistentVolumeClaim');
    expect(claims).toMatchObject([{ spec: { accessModes: ['ReadWriteOnce'] } }]);
    expect(podOf(manifests).volumes).toContainEqual({
      name: 'effects',
      persistentVolumeClaim: { claimName: 'mailroom-classify-effects' },
    });
    expect(podOf(manifests).affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution).toMatchObject([
      { topologyKey: 'kubernetes.io/hostname' },
    ]);
  });

  test('carries the fingerprint of the topology its numbers come from', () => {
    expect(deploymentOf(synthesize()).metadata.annotations).toMatchObject({
      'penstock.dev/topology-fingerprint': platform.fingerprint,
    });
  });

  test('can be changed where no prop reaches, quantities included', () => {
    const deployment = [JsonPatch.replace('/spec/template/spec/containers/0/resources/requests/cpu', '2')];
    expect(podOf(synthesize({ overrides: { deployment } })).containers[0]).toMatchObject({
      resources: { requests: { cpu: '2' } },
    });
  });

  test('rejects nothing by an override in silence: policies see the result', () => {
    const deployment = [JsonPatch.add('/spec/template/spec/hostNetwork', true)];
    const findings = checkManifests(synthesize({ overrides: { deployment } }));
    expect(findings.map(({ policy }) => policy)).toContain('pod-host-isolation');
  });

  test('rejects a role without an address', () => {
    expect(() => synthesize({ engines: {} })).toThrow(
      /workers.classify: no address for the engine it calls as embedder \[reference-missing\]/,
    );
  });
});

describe('an image', () => {
  test.each([DIGEST, 'registry.example.com:5000/a/b:1.2.3', 'mail-classifier:v1'])('may be named %s', (text) => {
    expect(ImageReference.parse(text).text).toBe(text);
  });

  test.each([
    'mail-classifier',
    'mail-classifier:latest',
    'registry.example.com:5000/mail-classifier',
    'a:main',
    'a@sha256:123',
    '',
  ])('rejects %p, which may be another tomorrow', (text) => {
    expect(() => ImageReference.parse(text)).toThrow(/image-mutable/);
  });
});
