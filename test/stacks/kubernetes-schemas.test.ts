import { beforeAll, expect, test } from '@jest/globals';
import type { Manifest } from '../../constructs/policies/index.ts';
import { environments } from '../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { ApiSchemas, realData, triggerParameters } from '../helpers/manifests.ts';
import { describeWith } from '../helpers/requirement.ts';

describeWith(realData, 'the schemas of the API server', () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });
  const prod = synthesizeKubernetes(platform, environments.prod);

  for (const [name, environment] of Object.entries(environments)) {
    test(`take every object of ${name}, unknown fields refused`, () => {
      const faults = synthesizeKubernetes(platform, environment).flatMap((manifest) =>
        schemas.faultsOf(manifest).map((fault) => `${manifest.kind}/${manifest.metadata.name} ${fault}`),
      );
      expect(faults).toEqual([]);
    });
  }

  test.each(
    [...new Set(prod.map(({ kind }) => kind))].filter((kind) =>
      prod.some((m) => m.kind === kind && m['spec'] !== undefined),
    ),
  )('rejects an unknown field in the spec of a %s', (kind) => {
    const manifest = prod.find((each) => each.kind === kind) as Manifest;
    const broken = { ...manifest, spec: { ...(manifest['spec'] as object), replicaz: 3 } };
    expect(schemas.faultsOf(broken)).toEqual([expect.stringContaining('replicaz')]);
  });

  test('rejects what only a rule beside the schema forbids', () => {
    const pool = (consolidateAfter: string, label: string): Manifest => ({
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodePool',
      metadata: { name: 'l4' },
      spec: {
        disruption: { consolidateAfter },
        template: {
          metadata: { labels: { [label]: 'x' } },
          spec: {
            nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'l4' },
            requirements: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }],
            expireAfter: '720h',
          },
        },
      },
    });
    expect(schemas.faultsOf(pool('5m', 'example.com/team'))).toEqual([]);
    expect(schemas.faultsOf(pool('5m', 'karpenter.sh/team'))).toEqual([
      expect.stringContaining('label domain "karpenter.sh" is restricted'),
    ]);
  });

  test('rejects a misspelt field deep in a pod', () => {
    const text = JSON.stringify(prod.find(({ kind }) => kind === 'Deployment')).replace(
      '"readOnlyRootFilesystem"',
      '"readonlyRootFilesystem"',
    );
    expect(schemas.faultsOf(JSON.parse(text) as Manifest)).toEqual([expect.stringContaining('readonlyRootFilesystem')]);
  });

  test('know every parameter of the trigger, and miss none that KEDA requires', () => {
    const scaler = prod.find(({ kind }) => kind === 'ScaledObject')?.['spec'] as {
      readonly triggers: readonly [{ readonly metadata: Readonly<Record<string, string>> }];
    };
    const known = triggerParameters('nats-jetstream');
    const emitted = Object.keys(scaler.triggers[0].metadata);
    expect(known.map(({ name }) => name)).toEqual(expect.arrayContaining(emitted));
    const required = known.filter(({ optional, default: value }) => optional !== true && value === undefined);
    expect(emitted).toEqual(expect.arrayContaining(required.map(({ name }) => name)));
  });
});
