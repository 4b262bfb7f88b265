import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Manifest } from '../../constructs/policies/index.ts';
import { KubernetesCluster, kubernetesRequirement } from '../helpers/kubernetes-cluster.ts';
import { definitionFiles, realData } from '../helpers/manifests.ts';
import { describeWith } from '../helpers/requirement.ts';
import { EXAMPLES, manifestsOf } from './index.ts';

// A real API server with the definitions of every operator, and no operator. Each stack is alone in it but for the others.

let cluster: KubernetesCluster;

describeWith(realData, 'with the definitions of every operator', () => {
  describeWith(kubernetesRequirement(), 'a Kubernetes control plane', () => {
    beforeAll(async () => {
      cluster = await KubernetesCluster.start('--fast');
      await cluster.define(definitionFiles());
    }, 180_000);

    afterAll(() => cluster.stop(), 60_000);

    describe.each(EXAMPLES)('given the stack %s', (name, example) => {
      const manifests = inNamespaces(name, manifestsOf(example()));

      test('takes every object without a warning', async () => {
        expect(await cluster.apply(manifests)).toMatchObject({ status: 0, stderr: '' });
      }, 60_000);

      test('has nothing to change when it is given the same again', async () => {
        expect(await cluster.differences(manifests)).toBe('');
      }, 60_000);
    });
  });
});

/** The namespaces of a stack are its own here, two of them have one name; those that it expects to be there are added. */
function inNamespaces(stack: string, manifests: readonly Manifest[]): readonly Manifest[] {
  const own = new Set(manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name));
  const used = new Set(manifests.flatMap(({ metadata }) => metadata.namespace ?? []));
  const expected = [...used]
    .filter((name) => !own.has(name))
    .map((name): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${stack}-${name}` } }));
  const moved = manifests.map((manifest): Manifest => {
    const { name, namespace } = manifest.metadata;
    if (manifest.kind === 'Namespace')
      return { ...manifest, metadata: { ...manifest.metadata, name: `${stack}-${name}` } };
    return namespace === undefined
      ? manifest
      : { ...manifest, metadata: { ...manifest.metadata, namespace: `${stack}-${namespace}` } };
  });
  return [...expected, ...moved];
}
