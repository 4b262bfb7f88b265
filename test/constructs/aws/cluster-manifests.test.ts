import { describe, expect, test } from '@jest/globals';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ClusterManifests, type ManifestTarget } from '../../../constructs/aws/cluster-manifests.ts';

/** Stands for a cluster: one resource a part, which says what is in it. */
const TARGET: ManifestTarget = {
  apply: (scope, id, objects) =>
    new CfnResource(scope, id, {
      type: 'Custom::Part',
      properties: { Names: objects.map(({ metadata }) => metadata.name) },
    }),
};

const object = (kind: string, name: string, padding = 0) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, annotations: { padding: 'x'.repeat(padding) } },
});

function made(manifests: readonly ReturnType<typeof object>[]) {
  const stack = new Stack(new App(), 'test');
  const construct = new ClusterManifests(stack, 'Objects', { target: TARGET, manifests });
  return { stack, construct };
}

describe('objects that go into a cluster', () => {
  const { stack, construct } = made([
    object('Deployment', 'worker'),
    object('Stream', 'mails'),
    object('Namespace', 'shop'),
    object('ScaledObject', 'worker'),
  ]);
  const template = Template.fromStack(stack);
  const parts = Object.values(template.findResources('Custom::Part')) as unknown as readonly {
    readonly DependsOn?: readonly string[];
    readonly Properties: { readonly Names: readonly string[] };
  }[];

  test('go by stage, each after the one before it', () => {
    expect([...construct.nodes.keys()]).toEqual(['namespaces', 'streams', 'workloads', 'scalers']);
    const namespace = parts.find(({ Properties }) => Properties.Names.includes('shop'));
    const stream = parts.find(({ Properties }) => Properties.Names.includes('mails'));
    expect(namespace?.DependsOn).toBeUndefined();
    expect(stream?.DependsOn).toEqual([expect.stringMatching(/namespaces/)]);
  });

  test('stay in the cluster when their part goes: they may have moved to another', () => {
    template.allResources('Custom::Part', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });
});

test('no part is larger than Amazon hands to a function, before and after a change together', () => {
  const { construct, stack } = made(Array.from({ length: 6 }, (_, index) => object('ConfigMap', `c${index}`, 40_000)));
  expect(construct.nodes.get('secrets')).toHaveLength(3);
  const parts = Object.values(Template.fromStack(stack).findResources('Custom::Part'));
  expect(parts.map(({ Properties }) => (Properties as { Names: readonly string[] }).Names.length)).toEqual([2, 2, 2]);
});

describe('a cluster', () => {
  test('rejects one object that no part can hold, by its name, before anything is made', () => {
    const stack = new Stack(new App(), 'test');
    const manifests = [object('CustomResourceDefinition', 'gateways', 100_001)];
    expect(() => new ClusterManifests(stack, 'Objects', { target: TARGET, manifests })).toThrow(
      /CustomResourceDefinition\/gateways.*\[manifest-too-large\]/,
    );
    expect(stack.node.tryFindChild('Objects')).toBeUndefined();
  });

  test('rejects more than a stack can hold', () => {
    expect(() => made(Array.from({ length: 10 }, (_, index) => object('ConfigMap', `c${index}`, 95_000)))).toThrow(
      /make two stacks of them.*\[manifest-too-large\]/,
    );
  });
});
