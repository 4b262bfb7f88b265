import { beforeAll, expect, test } from '@jest/globals';
import type { Manifest } from '../../constructs/policies/index.ts';
import { environments } from '../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { EXAMPLES, manifestsOf } from '../examples/index.ts';
import { conformityOf, kubeconformRequirement } from '../helpers/kubeconform.ts';
import { ApiSchemas, realData } from '../helpers/manifests.ts';
import { describeWith } from '../helpers/requirement.ts';

// The same schemas as in kubernetes-schemas.test.ts, read by another validator: what ours overlooks, it does not.

const PLATFORMS = [
  ...Object.values(environments).map(
    (environment) => [environment.name, () => synthesizeKubernetes(platform, environment)] as const,
  ),
  ...EXAMPLES.map(([name, example]) => [name, () => manifestsOf(example())] as const),
];

describeWith(realData, 'with real schemas', () => {
  describeWith(kubeconformRequirement(), 'kubeconform', () => {
    let schemas: ApiSchemas;
    beforeAll(() => {
      schemas = new ApiSchemas();
    });

    test.each(PLATFORMS)('takes every object of %s, unknown fields refused', (_name, synthesize) => {
      const manifests = synthesize();
      expect(conformityOf(manifests, schemas)).toEqual({ valid: manifests.length, faults: [] });
    });

    const prod = synthesizeKubernetes(platform, environments.prod);

    test.each([
      ['Deployment', '"readOnlyRootFilesystem"', '"readonlyRootFilesystem"', /readonlyRootFilesystem/],
      ['ScaledObject', '"maxReplicaCount":', '"maxReplicaCount":"many","was":', /maxReplicaCount/],
      ['Consumer', '"ackPolicy":"explicit"', '"ackPolicy":"whenever"', /ackPolicy/],
    ])('rejects a %s with a fault, and nothing else', (kind, text, by, message) => {
      const manifests = prod.map((manifest) =>
        manifest.kind === kind ? (JSON.parse(JSON.stringify(manifest).replace(text, by)) as Manifest) : manifest,
      );
      const { faults } = conformityOf(manifests, schemas);
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.filter((fault) => !fault.startsWith(`${kind}/`) || !message.test(fault))).toEqual([]);
    });

    test('rejects a kind that nobody defines', () => {
      const unknown = { apiVersion: 'example.com/v1', kind: 'Nothing', metadata: { name: 'nothing' } };
      expect(conformityOf([unknown], schemas)).toMatchObject({
        valid: 0,
        faults: [expect.stringContaining('could not find schema')],
      });
    });
  });
});
