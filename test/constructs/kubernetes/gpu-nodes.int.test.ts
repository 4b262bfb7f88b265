import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { KubernetesCluster, kubernetesRequirement } from '../../helpers/kubernetes-cluster.ts';
import { definitionFiles, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { setting, type Which, withChange } from '../policies/cases/case.ts';
import { gpuNodeCases } from '../policies/cases/gpu-nodes.ts';

// A real API server evaluates what the definitions of Karpenter and Kueue demand beyond their schemas.

const { compliant } = gpuNodeCases;

let cluster: KubernetesCluster;

describeWith(realData, 'with the definitions of Karpenter and Kueue', () => {
  describeWith(kubernetesRequirement(), 'a Kubernetes control plane', () => {
    beforeAll(async () => {
      cluster = await KubernetesCluster.start('--fast');
      await cluster.define(definitionFiles().filter((file) => /\/(karpenter|kueue)\//.test(file)));
      const namespaces = new Set(compliant.flatMap(({ metadata }) => metadata.namespace ?? []));
      for (const namespace of namespaces) await cluster.ask('create', 'namespace', namespace);
    }, 120_000);

    afterAll(() => cluster.stop(), 60_000);

    test('takes every pool, class of nodes and quota without a warning', async () => {
      expect(await cluster.apply(compliant)).toMatchObject({ status: 0, stderr: '' });
    }, 60_000);

    test('has nothing to change when it is given the same again', async () => {
      expect(await cluster.differences(compliant)).toBe('');
    }, 60_000);

    const queue = ['ClusterQueue', 'research'] as const;
    const refused: readonly (readonly [title: string, which: Which, path: string, value: unknown, reason: RegExp])[] = [
      [
        'a second image beside an alias',
        ['EC2NodeClass', 'l40s'],
        'spec.amiSelectorTerms.1',
        { id: 'ami-1' },
        /mutually exclusive/,
      ],
      ['a role and a profile', ['EC2NodeClass', 'l40s'], 'spec.instanceProfile', 'nodes', /role.*instanceProfile/],
      [
        'a label of Karpenter itself',
        ['NodePool', 'l40s'],
        'spec.template.spec.requirements.0.key',
        'karpenter.sh/x',
        /./,
      ],
      [
        'borrowing without a cohort',
        queue,
        'spec.resourceGroups.0.flavors.0.resources.0.borrowingLimit',
        '1',
        /borrowingLimit/,
      ],
      [
        'a flavor without a resource that its queue covers',
        queue,
        'spec.resourceGroups.0.coveredResources.4',
        'x',
        /./,
      ],
    ];

    test.each(refused)(
      'rejects %s',
      async (_, which, path, value, reason) => {
        const changed = withChange(compliant, which, setting(path, value));
        const [kind, name] = which;
        const object = changed.find((each) => each.kind === kind && each.metadata.name === name) as Manifest;
        const { status, stderr } = await cluster.apply([object], '--dry-run=server', '--force-conflicts');
        expect(status).not.toBe(0);
        expect(stderr).toMatch(reason);
      },
      60_000,
    );
  });
});
