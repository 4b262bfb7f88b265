import { describe, expect, test } from '@jest/globals';
import { Bytes, type Topology } from '@penstock/model';
import { App } from 'cdk8s';
import { WorkloadsChart, type WorkloadsChartProps } from '../../charts/workloads.ts';
import { Binding } from '../../constructs/binding.ts';
import { Weights } from '../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../constructs/policies/index.ts';
import { SecretReference } from '../../constructs/secret-reference.ts';
import { image, NAMESPACE, nats, postgres, shop } from '../constructs/kubernetes/shop.ts';

const stored = (key: string): SecretReference => SecretReference.inStore({ key: Binding.of(key) });

function synthesize(topology: Topology, changes: Partial<WorkloadsChartProps> = {}): readonly Manifest[] {
  const chart = new WorkloadsChart(new App(), 'workloads', {
    topology,
    namespace: NAMESPACE,
    nats,
    imageOf: () => image,
    weightsOf: () => Weights.image(image),
    addressesOf: (id) => (id === 'schema' ? { DATABASE: Binding.of('postgresql://orders') } : {}),
    reachesOf: (id) => (id === 'ship' ? [] : [postgres]),
    effects: { storageClass: 'fast', size: Bytes.parse('10 GiB') },
    monitoringNamespace: 'monitoring',
    ...changes,
  });
  return chart.toJson() as Manifest[];
}

const named = (manifests: readonly Manifest[], kind: string) =>
  manifests.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name);
const textOf = (manifests: readonly Manifest[], kind: string, name: string) =>
  JSON.stringify(manifests.find((each) => each.kind === kind && each.metadata.name === name)?.['spec']);

describe('the workloads of a platform with one of each kind', () => {
  const manifests = synthesize(shop());

  test('are all there, each with an account and a policy of its own', () => {
    const names = ['shop-api', 'shop-ranker', 'shop-schema', 'shop-ship', 'shop-sweep'];
    expect(named(manifests, 'ServiceAccount').toSorted()).toEqual(names);
    expect(named(manifests, 'NetworkPolicy').toSorted()).toEqual(names);
    expect(named(manifests, 'CronJob')).toEqual(['shop-sweep']);
    expect(named(manifests, 'Job')).toEqual([expect.stringMatching(/^shop-schema-[0-9a-f]{6}$/)]);
  });

  test('reach the engine that they call, which hears them and nobody else', () => {
    const engine = textOf(manifests, 'NetworkPolicy', 'shop-ranker');
    for (const caller of ['api', 'sweep']) {
      expect(textOf(manifests, 'NetworkPolicy', `shop-${caller}`)).toContain('"ranker"');
      expect(engine).toContain(`"${caller}"`);
    }
    for (const other of ['ship', 'schema']) {
      expect(textOf(manifests, 'NetworkPolicy', `shop-${other}`)).not.toContain('"ranker"');
      expect(engine).not.toContain(`"${other}"`);
    }
  });

  test('break no policy', () => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('are each somebody on servers that let not everyone in, unless they have nothing to do there', () => {
    const access = {
      store: { name: 'vault', kind: 'ClusterSecretStore' } as const,
      authority: stored('nats/ca'),
      operator: stored('nats/operator'),
      seedOf: (workload: string) => stored(`nats/${workload}`),
    };
    const secured = synthesize(shop(), { access });
    expect(named(secured, 'ExternalSecret').toSorted()).toEqual(['shop-api-nats', 'shop-ship-nats', 'shop-sweep-nats']);
    for (const [kind, name] of [
      ['Deployment', 'shop-api'],
      ['CronJob', 'shop-sweep'],
    ] as const) {
      expect(textOf(secured, kind, name)).toContain(`${name}-nats`);
      expect(textOf(secured, kind, name)).toContain('nkey=');
    }
  });
});
