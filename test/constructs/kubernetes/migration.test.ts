import { describe, expect, test } from '@jest/globals';
import { JsonPatch } from 'cdk8s';
import { applyOrder } from '../../../constructs/apply-order.ts';
import { Binding } from '../../../constructs/binding.ts';
import {
  HttpService,
  ImageReference,
  Migration,
  type MigrationProps,
  WorkloadNetwork,
} from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { engines, image, manifestsIn, NAMESPACE, nats, postgres, shop, specIn } from './shop.ts';

const topology = shop();

const synthesize = (shopOf = topology, changes: Partial<MigrationProps> = {}, released = image): readonly Manifest[] =>
  manifestsIn((chart) => {
    const migration = new Migration(chart, 'schema', {
      context: { topology: shopOf, workload: shopOf.migrations.schema, image: released },
      reaches: [postgres],
      ...changes,
    });
    new WorkloadNetwork(chart, 'network', { workloads: [migration], nats, monitoringNamespace: 'monitoring' });
  });

const jobIn = (manifests: readonly Manifest[]) => manifests.find(({ kind }) => kind === 'Job') as Manifest;
const nameOf = (manifests: readonly Manifest[]): string => jobIn(manifests).metadata.name;

describe('a migration', () => {
  const name = nameOf(synthesize());

  test('is the same Job when it is synthesized again', () => {
    expect(name).toMatch(/^shop-schema-[0-9a-f]{6}$/);
    expect(nameOf(synthesize())).toBe(name);
  });

  test('is another Job with another image, since a Job cannot be changed', () => {
    const next = ImageReference.parse('registry.example.com/shop/app:4.2.0');
    expect(nameOf(synthesize(topology, {}, next))).not.toBe(name);
  });

  test.each<[string, Partial<MigrationProps>]>([
    ['an address', { addresses: { DATABASE: Binding.of('postgres://orders') } }],
    ['a patch', { overrides: { job: [JsonPatch.add('/spec/template/spec/nodeSelector', { disk: 'fast' })] } }],
  ])('is another Job with %s', (_what, changes) => {
    expect(nameOf(synthesize(topology, changes))).not.toBe(name);
  });

  test('is untouched by numbers of the topology that are not its own: it would run once more, or not apply', () => {
    const other = shop({ maxAttempts: 7 });
    expect(other.fingerprint).not.toBe(topology.fingerprint);
    expect(jobIn(synthesize(other))['spec']).toEqual(jobIn(synthesize())['spec']);
    expect(nameOf(synthesize(other))).toBe(name);
  });

  test('stays as the record that it ran, with a reason', () => {
    expect(specIn(synthesize(), 'Job')).not.toHaveProperty('ttlSecondsAfterFinished');
    expect(jobIn(synthesize()).metadata.annotations).toHaveProperty(['policy.penstock.dev/suppress.job-removed']);
  });

  test('is tried as often as declared and given up after all of it: 3 * (30 + 900) s and 30 s of waits', () => {
    expect(specIn(synthesize(), 'Job')).toMatchObject({
      backoffLimit: 2,
      activeDeadlineSeconds: 2_820,
      parallelism: 1,
      podReplacementPolicy: 'Failed',
    });
  });

  test('is done before any workload is applied, with its account and its way to the database', () => {
    const all = manifestsIn((chart) => {
      const service = new HttpService(chart, 'api', {
        context: { topology, workload: topology.httpServices.api, image },
        namespace: NAMESPACE,
        bus: nats.clientUrl,
        engines,
      });
      const migration = new Migration(chart, 'schema', {
        context: { topology, workload: topology.migrations.schema, image },
        reaches: [postgres],
      });
      const workloads = [service, migration];
      new WorkloadNetwork(chart, 'network', { workloads, nats, monitoringNamespace: 'monitoring' });
    });
    const stages = applyOrder(all);
    const stageOf = (kind: string) => stages.findIndex(({ objects }) => objects.some((each) => each.kind === kind));
    expect(stageOf('NetworkPolicy')).toBeLessThan(stageOf('Job'));
    expect(stageOf('ServiceAccount')).toBeLessThan(stageOf('Job'));
    expect(stageOf('Job')).toBeLessThan(stageOf('Deployment'));
    expect(stages[stageOf('Job')]?.waitFor).toBe('every Job is Complete');
  });

  test('reaches what it changes and nothing else, not even the broker', () => {
    expect(specIn(synthesize(), 'NetworkPolicy')).toEqual({
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': 'schema', 'app.kubernetes.io/part-of': 'shop' },
      },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'databases' } },
              podSelector: { matchLabels: { app: 'orders' } },
            },
          ],
          ports: [{ port: 5_432, protocol: 'TCP' }],
        },
      ],
    });
  });

  test('that reaches nothing is left to the default deny', () => {
    expect(synthesize(topology, { reaches: [] }).map(({ kind }) => kind)).not.toContain('NetworkPolicy');
  });

  test('holds every rule', () => {
    expect(checkManifests(synthesize())).toEqual([]);
  });
});

describeWith(realData, 'the schemas of the API server', () => {
  test('take every object of a migration', () => {
    const schemas = new ApiSchemas();
    const manifests = [
      ...synthesize(),
      ...synthesize(topology, { addresses: { DATABASE: Binding.of('postgres://x') } }),
    ];
    expect(manifests.flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
