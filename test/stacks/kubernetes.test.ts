import { describe, expect, test } from '@jest/globals';
import { inferenceEngine } from '@penstock/inference-engine/service';
import { mailClassifier } from '@penstock/mail-classifier/service';
import { defineTopology, engineProfile, PROFILE_VARIABLE, parseProfile, workerProfile } from '@penstock/model';
import { Chart } from 'cdk8s';
import { ConstructError } from '../../constructs/errors.ts';
import { checkManifests, type Manifest } from '../../constructs/policies/index.ts';
import { environments } from '../../stacks/environments/index.ts';
import { platformApp } from '../../stacks/kubernetes/platform-app.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { golden, normalisedYaml } from '../helpers/snapshot.ts';

const { dev, prod } = environments;
const manifests = synthesizeKubernetes(platform, prod);

interface Deployment {
  readonly template: {
    readonly spec: {
      readonly containers: readonly [{ readonly env: readonly { readonly name: string; readonly value: string }[] }];
    };
  };
}

function environmentOf(name: string): Readonly<Record<string, string>> {
  const found = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name) as Manifest;
  const [container] = (found['spec'] as Deployment).template.spec.containers;
  return Object.fromEntries(container.env.map(({ name: key, value }) => [key, value]));
}

describe('the platform on Kubernetes', () => {
  test.each(Object.values(environments))('breaks no policy in $name', (environment) => {
    expect(checkManifests(synthesizeKubernetes(platform, environment))).toEqual([]);
  });

  test('is what was reviewed last', () => {
    const text = normalisedYaml(manifests);
    expect(text).toBe(golden('kubernetes-prod.yaml', text));
  });

  test('is the same whenever it is synthesized', () => {
    expect(synthesizeKubernetes(platform, prod)).toEqual(manifests);
  });

  test('hands the worker a profile that its image reads back', () => {
    const profile = parseProfile(environmentOf('mailroom-classify')[PROFILE_VARIABLE], mailClassifier);
    expect(profile).toEqual(workerProfile(platform, 'classify'));
  });

  test('hands the engine a profile that its image reads back', () => {
    const profile = parseProfile(environmentOf('mailroom-embedder')[PROFILE_VARIABLE], inferenceEngine);
    expect(profile).toEqual(engineProfile(platform, 'embedder'));
  });

  test('gives the worker the address of every part it talks to', () => {
    expect(environmentOf('mailroom-classify')).toMatchObject({
      PENSTOCK_BUS:
        'nats://nats.mailroom-nats.svc.cluster.local:4222?nkey=/var/run/secrets/penstock/nats/seed&ca=/var/run/secrets/penstock/nats/ca.crt',
      PENSTOCK_EFFECTS: 'sqlite:/var/lib/penstock/effects.db',
      PENSTOCK_ENGINE_EMBEDDER: 'http://mailroom-embedder.mailroom.svc.cluster.local:8080',
    });
  });

  test('comes in the order in which it can be applied: the namespace first', () => {
    expect(manifests[0]?.kind).toBe('Namespace');
    const kinds = manifests.map(({ kind }) => kind);
    expect(kinds.indexOf('Stream')).toBeLessThan(kinds.indexOf('Deployment'));
  });

  test('lets no object depend on one of another chart, which cdk8s would hold against all of it', () => {
    const across = platformApp(platform, prod)
      .node.findAll()
      .flatMap((source) => source.node.dependencies.map((target) => [source, target] as const))
      .filter(([source, target]) => Chart.of(source) !== Chart.of(target));
    expect(across.map((pair) => pair.map(({ node }) => node.path))).toEqual([]);
  });

  test('rejects an environment that lacks an image', () => {
    const attempt = () => synthesizeKubernetes(platform, { ...prod, images: {} });
    expect(attempt).toThrow(/no images\["inference-engine"\].*reference-missing/);
  });

  test('rejects an environment whose image may move', () => {
    const images = { ...prod.images, 'mail-classifier': 'registry.example.com/penstock/mail-classifier:latest' };
    expect(() => synthesizeKubernetes(platform, { ...prod, images })).toThrow(/image-mutable/);
  });

  test('rejects a replicated queue on a single server', () => {
    const attempt = () =>
      synthesizeKubernetes(platform, {
        ...prod,
        nats: { existing: { namespace: 'nats', replicas: 1, syncInterval: 'periodic' } },
      });
    expect(attempt).toThrow(/queues\.mails\.durability.*expected a cluster of 3 or 5 servers.*durability-unavailable/);
  });

  test('rejects an fsynced queue on servers that sync now and then', () => {
    const strict = defineTopology({
      name: 'ledger',
      queues: { entries: { arrivalRate: '1/s', doneWithin: '5 minutes', durability: 'fsync' } },
      engines: {},
      workers: {
        book: {
          service: { ...mailClassifier, calls: [] },
          queue: 'entries',
          workTime: { mean: '10 milliseconds', p99: '1 second' },
        },
      },
    });
    let error: unknown;
    try {
      synthesizeKubernetes(strict, dev);
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'durability-unavailable')).toBe(true);
    expect(() =>
      synthesizeKubernetes(strict, {
        ...dev,
        nats: { existing: { namespace: 'nats', replicas: 3, syncInterval: 'always' } },
      }),
    ).not.toThrow();
  });
});
