import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { strimziPodsOf } from '../../../constructs/policies/strimzi.ts';
import { BEST_EFFORT, FSYNC, kafkaPlatform, REPLICATED } from '../../helpers/kafka.ts';
import { KubernetesCluster, kubernetesRequirement } from '../../helpers/kubernetes-cluster.ts';
import { definitionFiles, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { setting, type Which, withChange } from '../policies/cases/case.ts';

// A real API server evaluates what Strimzi's definitions demand beyond their schemas, and admits the pods that Strimzi is
// told to make. Strimzi itself does not run here.

const VARIANTS = (['tls', 'scram-sha-512'] as const).flatMap((authentication) =>
  [FSYNC, REPLICATED, BEST_EFFORT].map(
    (size) => [authentication, size.durability, kafkaPlatform(authentication, size).manifests] as const,
  ),
);
const { manifests } = kafkaPlatform('scram-sha-512', FSYNC);

/** The pods of the templates, with an image and without what is Strimzi's own word. */
const pods = manifests.flatMap(strimziPodsOf).map((pod, n): Manifest => {
  const { tmpDirSizeLimit: _, ...spec } = pod as typeof pod & { readonly tmpDirSizeLimit?: string };
  const image = 'registry.example.com/strimzi/kafka:1.2.0';
  const withImage = (containers: typeof pod.containers = []) => containers.map((each) => ({ ...each, image }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${n}`, namespace: 'kafka' },
    spec: { ...spec, containers: withImage(spec.containers), initContainers: withImage(spec.initContainers) },
  };
});

let cluster: KubernetesCluster;

describeWith(realData, "with Strimzi's definitions", () => {
  describeWith(kubernetesRequirement(), 'a Kubernetes control plane', () => {
    beforeAll(async () => {
      cluster = await KubernetesCluster.start('--fast');
      await cluster.define(definitionFiles().filter((file) => file.includes('/strimzi/')));
      await cluster.ask('create', 'namespace', 'kafka');
      await cluster.ask('label', 'namespace', 'kafka', 'pod-security.kubernetes.io/enforce=restricted');
    }, 120_000);

    afterAll(() => cluster.stop(), 60_000);

    test.each(VARIANTS)(
      'takes a cluster with %s that is %s, its topics and users, without a warning and for good',
      async (_authentication, _durability, objects) => {
        expect(await cluster.apply(objects)).toMatchObject({ status: 0, stderr: '' });
        expect(await cluster.differences(objects)).toBe('');
      },
      60_000,
    );

    test('lets in every pod of the templates under the restricted standard', async () => {
      expect(pods).toHaveLength(4);
      expect(await cluster.apply(pods, '--dry-run=server')).toMatchObject({ status: 0, stderr: '' });
    }, 60_000);

    test('rejects such a pod that may gain privileges, so that it can be refused', async () => {
      const changed = withChange(pods, ['Pod', 'pod-0'], setting('spec.containers.0.securityContext', undefined));
      const { status, stderr } = await cluster.apply(changed.slice(0, 1), '--dry-run=server');
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/violates PodSecurity "restricted/);
    }, 60_000);

    const refused: readonly (readonly [title: string, which: Which, path: string, value: unknown, reason: RegExp])[] = [
      ['a rack that is no label', ['Kafka', 'events'], 'spec.kafka.rack.topologyKey', '', /topologyKey/],
      [
        'rules of an exporter that are nowhere',
        ['Kafka', 'events'],
        'spec.kafka.metricsConfig.type',
        'jmxPrometheusExporter',
        /valueFrom/,
      ],
      [
        'a certificate that ends before it is renewed',
        ['KafkaUser', 'shop-till'],
        'spec.authentication',
        { type: 'tls', validityDays: 10, renewalDays: 20 },
        /renewalDays/,
      ],
      [
        'a password with the dates of a certificate',
        ['KafkaUser', 'shop-till'],
        'spec.authentication.validityDays',
        10,
        /validityDays/,
      ],
    ];

    test.each(refused)(
      'rejects %s',
      async (_title, which, path, value, reason) => {
        const [kind, name] = which;
        const object = withChange(manifests, which, setting(path, value)).find(
          (each) => each.kind === kind && each.metadata.name === name,
        ) as Manifest;
        const { status, stderr } = await cluster.apply([object], '--dry-run=server', '--force-conflicts');
        expect(status).not.toBe(0);
        expect(stderr).toMatch(reason);
      },
      60_000,
    );
  });
});
