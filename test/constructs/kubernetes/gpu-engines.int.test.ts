import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KubernetesCluster, kubernetesRequirement } from '../../helpers/kubernetes-cluster.ts';
import { definitionFiles, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { gpuPlatform, NAMESPACE } from './gpu-engines.ts';

// A real API server, scheduler and controllers. What is not real: the nodes run no containers and have no devices; no
// controller makes the pods of a LeaderWorkerSet, and no driver serves claims.

/** GPU nodes as their clouds and pools label and taint them, by the engines that belong on them. */
const NODES: Readonly<
  Record<string, { readonly engines: readonly string[]; readonly labels: readonly string[]; readonly taint?: string }>
> = {
  'gpu-0': { engines: ['several'], labels: ['penstock.dev/gpu-class=h100', 'penstock.dev/gpu-sharing=whole'] },
  'gpu-1': { engines: ['own'], labels: ['penstock.dev/gpu-class=l4', 'penstock.dev/gpu-sharing=whole'] },
  'gpu-2': {
    engines: ['shared'],
    labels: ['penstock.dev/gpu-class=l4', 'penstock.dev/gpu-sharing=time-slicing-4'],
    taint: 'penstock.dev/gpu-sharing=time-slicing-4:NoSchedule',
  },
  'gpu-3': { engines: ['whole'], labels: ['cloud.google.com/gke-accelerator=nvidia-h100-80gb'] },
  'gpu-4': {
    engines: ['slice', 'whole'],
    labels: ['cloud.google.com/gke-accelerator=nvidia-h100-80gb', 'cloud.google.com/gke-gpu-partition-size=1g.10gb'],
  },
};

let cluster: KubernetesCluster;

describeWith(realData, 'with the definitions of every operator', () => {
  describeWith(kubernetesRequirement(), 'a Kubernetes control plane with GPU nodes', () => {
    beforeAll(async () => {
      cluster = await KubernetesCluster.start('--nodes=2,5', '--gpus=16', '--fast');
      await cluster.ask('apply', '--server-side', ...definitionFiles().flatMap((file) => ['-f', file]));
      await cluster.ask('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
      for (const [node, { labels, taint }] of Object.entries(NODES)) {
        await cluster.ask('label', '--overwrite', 'node', node, ...labels);
        if (!labels.some((label) => label.startsWith('cloud.')))
          await cluster.ask('label', 'node', node, 'cloud.google.com/gke-accelerator-');
        if (taint !== undefined) await cluster.ask('taint', 'node', node, taint);
      }
    }, 180_000);

    afterAll(() => cluster.stop(), 60_000);

    test('takes every object without a warning', async () => {
      expect(await cluster.apply(gpuPlatform())).toMatchObject({ status: 0, stderr: '' });
    }, 60_000);

    test('has nothing to change when it is given the same again', async () => {
      expect(await cluster.differences(gpuPlatform())).toBe('');
    }, 60_000);

    test.each(['whole', 'several', 'slice', 'shared', 'own'])(
      'runs the engine %s on nodes that are meant for it, and on no other',
      async (engine) => {
        const inNamespace = ['-n', NAMESPACE];
        await cluster.ask(
          ...inNamespace,
          'wait',
          '--for=condition=Available',
          `deploy/models-${engine}`,
          '--timeout=90s',
        );
        const pods = [
          'get',
          'pods',
          '-l',
          `app.kubernetes.io/name=${engine}`,
          '-o',
          'jsonpath={.items[*].spec.nodeName}',
        ];
        const nodes = (await cluster.ask(...inNamespace, ...pods)).split(' ');
        expect(nodes.length).toBeGreaterThan(1);
        expect(nodes.filter((node) => NODES[node]?.engines.includes(engine) !== true)).toEqual([]);
      },
      120_000,
    );

    test('makes a claim for each pod that claims its device, and starts none without it', async () => {
      const names = [
        '-n',
        NAMESPACE,
        'get',
        'resourceclaims',
        '-o',
        'jsonpath={.items[*].metadata.annotations.resource\\.kubernetes\\.io/pod-claim-name}',
      ];
      const until = Date.now() + 30_000;
      let claims: readonly string[] = [];
      while (claims.length < 2 && Date.now() < until) {
        claims = (await cluster.ask(...names)).split(' ').filter((name) => name !== '');
      }
      expect(claims).toEqual(['gpu', 'gpu']);
      const pods = ['get', 'pods', '-l', 'app.kubernetes.io/name=claimed', '-o', 'jsonpath={.items[*].status.phase}'];
      expect(await cluster.ask('-n', NAMESPACE, ...pods)).toBe('Pending Pending');
    }, 60_000);
  });
});
