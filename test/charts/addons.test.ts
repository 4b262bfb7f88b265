import { beforeAll, describe, expect, test } from '@jest/globals';
import { ADDONS, type Addon, addonOf, addonsFor, inOrder } from '../../charts/addons.ts';
import { ConstructError } from '../../constructs/errors.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import { environments } from '../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { gpuNodeCases } from '../constructs/policies/cases/gpu-nodes.ts';
import { definitionNames, realData } from '../helpers/manifests.ts';
import { describeWith } from '../helpers/requirement.ts';

const catalogue: Readonly<Record<string, Addon>> = ADDONS;
const names = Object.keys(catalogue);
const object = (apiVersion: string, kind: string): Manifest => ({ apiVersion, kind, metadata: { name: 'a' } });

describe('the catalogue of add-ons', () => {
  test.each(Object.entries(catalogue))('pins %s to one whole version', (_, { version, source }) => {
    expect(version).toMatch(/^v?\d+\.\d+\.\d+$/);
    if (source.kind === 'manifest') expect(source.url).toContain(version);
  });

  test('names only add-ons that it has', () => {
    expect(Object.values(catalogue).flatMap(({ needs }) => needs.filter((name) => !names.includes(name)))).toEqual([]);
  });

  test('gives every definition one owner', () => {
    const owned = Object.values(catalogue).flatMap(({ crds }) => crds);
    expect(owned).toEqual([...new Set(owned)]);
  });

  test('can be installed as a whole, each after what it needs', () => {
    const ordered = inOrder(names, catalogue);
    expect(ordered.toSorted()).toEqual(names.toSorted());
    for (const [n, name] of ordered.entries())
      for (const needed of (catalogue[name] as Addon).needs) expect(ordered.indexOf(needed)).toBeLessThan(n);
  });

  test('rejects add-ons that need each other', () => {
    let error: unknown;
    try {
      inOrder(['a', 'b'], { a: { needs: ['b'] }, b: { needs: ['a'] } });
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'dependency-cycle')).toBe(true);
  });
});

describe('the add-ons of a platform', () => {
  test('are those that define its kinds', () => {
    const needed = addonsFor(synthesizeKubernetes(platform, environments.prod));
    expect(needed.map(({ name, kinds }) => [name, kinds])).toEqual([
      ['cert-manager', ['Certificate']],
      ['external-secrets', ['ExternalSecret']],
      ['keda', ['ScaledObject']],
      ['kube-prometheus-stack', ['PodMonitor', 'PrometheusRule']],
      ['nack', ['Account', 'Consumer', 'Stream']],
    ]);
  });

  test('bring what they need themselves, before them', () => {
    const needed = addonsFor([object('rabbitmq.com/v1beta1', 'RabbitmqCluster')]);
    expect(needed.map(({ name, kinds }) => [name, kinds])).toEqual([
      ['cert-manager', []],
      ['rabbitmq-operator', ['RabbitmqCluster']],
    ]);
  });

  const pod = (spec: object): Manifest => ({
    ...object('apps/v1', 'Deployment'),
    spec: { template: { spec: { containers: [{ name: 'a' }], ...spec } } },
  });
  const limited = (limits: object) => pod({ containers: [{ name: 'a', resources: { limits } }] });
  const pools = gpuNodeCases.compliant.filter(({ kind }) => kind === 'NodePool');

  test.each([
    ['a GPU', [limited({ 'nvidia.com/gpu': 1 })]],
    ['a slice of a GPU', [limited({ 'nvidia.com/mig-1g.10gb': 1 })]],
    ['a device by a claim', [pod({ resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu' }] })]],
    ['nodes with GPUs', pools.slice(0, 1)],
  ])('see to the devices of what asks for %s', (_, manifests) => {
    const needed = addonsFor(manifests).map(({ name }) => name);
    expect(needed).toEqual(expect.arrayContaining(['kube-prometheus-stack', 'nvidia-device-plugin', 'dcgm-exporter']));
  });

  test('go onto GPU nodes where they are for devices, and the exporter onto no others', () => {
    for (const name of ['nvidia-device-plugin', 'dcgm-exporter'] as const) {
      const { source } = ADDONS[name];
      expect(source).toHaveProperty(['values', 'tolerations[0].key'], 'nvidia.com/gpu');
      expect(source).toHaveProperty(['values', 'tolerations[1].key'], 'penstock.dev/gpu-sharing');
    }
    const terms = 'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
    expect(ADDONS['dcgm-exporter'].source).toHaveProperty(
      ['values', `${terms}[0].matchExpressions[0].key`],
      'penstock.dev/gpu-class',
    );
  });

  test('tell the device plugin of its configurations where there are some, and else of none', () => {
    const plugin = (manifests: readonly Manifest[]) =>
      addonsFor(manifests).find(({ name }) => name === 'nvidia-device-plugin')?.source;
    const config = ['values', 'config.name'];
    expect(plugin(gpuNodeCases.compliant)).toHaveProperty(config, 'device-plugin-config');
    expect(plugin(pools)).not.toHaveProperty(config);
  });

  test("are none for Kubernetes's own kinds", () => {
    expect(addonsFor([object('v1', 'Secret'), object('networking.k8s.io/v1', 'NetworkPolicy')])).toEqual([]);
  });

  test('let Prometheus take the monitors and rules that carry no label of its release', () => {
    const { source } = ADDONS['kube-prometheus-stack'];
    for (const kind of ['podMonitor', 'serviceMonitor', 'rule'])
      expect(source).toHaveProperty(['values', `prometheus.prometheusSpec.${kind}SelectorNilUsesHelmValues`], false);
  });
});

describeWith(realData, 'the definitions that the projects publish', () => {
  let published: readonly string[];
  beforeAll(() => {
    published = definitionNames();
  });

  test('are each in the catalogue, under the add-on that defines the group', () => {
    const owned = Object.values(catalogue).flatMap(({ crds }) => crds);
    expect(published.length).toBeGreaterThan(30);
    expect(published.filter((name) => !owned.includes(name))).toEqual([]);
    for (const name of published)
      expect(addonOf({ apiVersion: `${name.slice(name.indexOf('.') + 1)}/v1` })).toBeDefined();
  });
});
