import { describe, expect, test } from '@jest/globals';
import { applyOrder } from '../../constructs/apply-order.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import { teardownBlocks } from '../../constructs/teardown.ts';
import { environments } from '../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../stacks/platform.ts';

const object = (kind: string, name = 'a', rest: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  ...rest,
});

describe('the order of an apply', () => {
  test('is by what refers to what, however the objects came', () => {
    const kinds = [
      'ScaledObject',
      'Deployment',
      'Stream',
      'Kafka',
      'ExternalSecret',
      'Service',
      'CustomResourceDefinition',
    ];
    const order = applyOrder([...kinds, 'Namespace'].map((kind) => object(kind)));
    expect(order.flatMap(({ objects }) => objects.map(({ kind }) => kind))).toEqual([
      'Namespace',
      ...kinds.toReversed(),
    ]);
  });

  test('has every object exactly once', () => {
    const manifests = synthesizeKubernetes(platform, environments.prod);
    const ordered = applyOrder(manifests).flatMap(({ objects }) => objects);
    expect(ordered).toHaveLength(manifests.length);
    expect(new Set(ordered)).toEqual(new Set(manifests));
  });

  test('puts no object of the platform among the unknown ones', () => {
    const stages = applyOrder(synthesizeKubernetes(platform, environments.prod));
    expect(stages.map(({ id }) => id)).not.toContain('others');
  });

  test('puts a kind that it does not know last, and keeps the order of one kind', () => {
    const order = applyOrder([object('Novelty'), object('Stream', 'b'), object('Stream', 'a')]);
    expect(order.map(({ id, objects }) => [id, objects.map(({ metadata }) => metadata.name)])).toEqual([
      ['streams', ['b', 'a']],
      ['others', ['a']],
    ]);
  });

  test('waits for what the next stage needs, of the kinds that are there', () => {
    const [secrets] = applyOrder([object('Certificate'), object('ExternalSecret'), object('ConfigMap')]);
    expect(secrets?.waitFor).toBe('every ExternalSecret and Certificate is Ready');
    expect(applyOrder([object('ConfigMap')])[0]?.waitFor).toBeUndefined();
  });

  test('does not wait for a claim: it is bound only when its first pod is there', () => {
    expect(applyOrder([object('PersistentVolumeClaim')])[0]?.waitFor).toBeUndefined();
  });
});

const blocks = (...manifests: readonly Manifest[]) =>
  teardownBlocks(manifests).map(
    ({ object: { kind, metadata }, effect, reason }) => `${kind}/${metadata.name} ${effect}: ${reason}`,
  );

describe('what blocks a teardown', () => {
  test.each([
    ['ScaledObject', 'finalizer.keda.sh', 'KEDA'],
    ['ScaledJob', 'finalizer.keda.sh', 'KEDA'],
    ['Stream', 'stream.nats.io/finalizer', 'NACK'],
    ['Consumer', 'consumer.nats.io/finalizer', 'NACK'],
    ['KafkaTopic', 'strimzi.io/topic-operator', "Strimzi's topic operator"],
    ['RabbitmqCluster', 'deletion.finalizers.rabbitmqclusters.rabbitmq.com', 'the RabbitMQ operator'],
    ['NodePool', 'karpenter.sh/termination', 'Karpenter'],
    ['EC2NodeClass', 'karpenter.k8s.aws/termination', 'Karpenter'],
    ['ClusterQueue', 'kueue.x-k8s.io/resource-in-use', 'Kueue'],
  ])('a %s waits for the controller that put %s on it', (kind, finalizer, controller) => {
    const [block] = teardownBlocks([object(kind)]);
    expect(block).toMatchObject({ effect: 'waits', remedy: `delete it while ${controller} still runs` });
    expect(block?.reason).toContain(finalizer);
  });

  test('a finalizer that is written down', () => {
    const written = { ...object('ConfigMap'), metadata: { name: 'a', finalizers: ['example.com/keep'] } } as Manifest;
    expect(blocks(written)).toEqual(['ConfigMap/a waits: is written with the finalizer example.com/keep']);
  });

  test('a claim: while a pod uses it, and after', () => {
    const found = blocks(object('PersistentVolumeClaim', 'a', { spec: { accessModes: ['ReadWriteOnce'] } }));
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('one node writes it at a time');
    expect(found[1]).toContain('stays: leaves its volume');
  });

  test('a stateful set keeps its claims unless it says that they go with it', () => {
    const spec = { volumeClaimTemplates: [{}] };
    expect(blocks(object('StatefulSet', 'a', { spec }))).toEqual([
      expect.stringContaining('keeps the claims of its pods'),
    ]);
    const going = { ...spec, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } };
    expect(blocks(object('StatefulSet', 'a', { spec: going }))).toEqual([]);
    expect(blocks(object('StatefulSet', 'a', { spec: {} }))).toEqual([]);
  });

  test('Kafka keeps its claims unless each volume says that it goes', () => {
    const pool = (deleteClaim: boolean) =>
      object('KafkaNodePool', 'a', { spec: { storage: { volumes: [{ deleteClaim }] } } });
    expect(blocks(pool(false))).toEqual([expect.stringContaining('deleteClaim: false')]);
    expect(blocks(pool(true))).toEqual([]);
  });

  test('a load balancer, by a service or a gateway', () => {
    expect(blocks(object('Service', 'a', { spec: { type: 'LoadBalancer' } }))).toHaveLength(1);
    expect(blocks(object('Gateway'))).toHaveLength(1);
    expect(blocks(object('Service', 'a', { spec: { type: 'ClusterIP' } }))).toEqual([]);
  });

  test('a namespace for as long as something is in it', () => {
    const inside = { ...object('ConfigMap', 'b'), metadata: { name: 'b', namespace: 'a' } };
    expect(blocks(object('Namespace'), inside)).toEqual([expect.stringContaining('is in use by 1 object')]);
    expect(blocks(object('Namespace'))).toEqual([]);
  });

  test('comes in the order of the teardown: what was applied last goes first, the namespace last of all', () => {
    const found = teardownBlocks(synthesizeKubernetes(platform, environments.prod)).map(({ object: { kind } }) => kind);
    expect(found[0]).toBe('ScaledObject');
    expect(found.at(-1)).toBe('Namespace');
    expect(found.indexOf('Consumer')).toBeLessThan(found.indexOf('Stream'));
  });
});
