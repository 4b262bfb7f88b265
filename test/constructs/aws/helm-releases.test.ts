import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { EksKubectl } from '../../../constructs/aws/eks-kubectl.ts';
import { type HelmRelease, HelmReleases } from '../../../constructs/aws/helm-releases.ts';
import { clusterStack } from './cluster-stack.ts';

const release = (name: string, repository: string): HelmRelease => ({
  name,
  namespace: `${name}-system`,
  repository,
  chart: `${name}-chart`,
  version: '1.2.3',
  values: { replicas: 2 },
});

describe('releases of charts in a cluster', () => {
  const { stack, cluster } = clusterStack();
  const kubectl = new EksKubectl(stack, 'Kubectl', { cluster });
  new HelmReleases(stack, 'Releases', {
    kubectl,
    releases: [release('first', 'https://charts.example.com'), release('second', 'oci://registry.example.com/charts')],
  });
  const found = Template.fromStack(stack).findResources('Custom::AWSCDK-EKS-HelmChart') as Record<
    string,
    {
      readonly DependsOn: readonly string[];
      readonly DeletionPolicy: string;
      readonly Properties: Readonly<Record<string, unknown>>;
    }
  >;
  const named = (name: string) => Object.entries(found).find(([, { Properties }]) => Properties['Release'] === name);

  test('come one after the other, and the first after the right to apply it', () => {
    const [first, { DependsOn } = { DependsOn: [] }] = named('first') ?? [];
    expect(DependsOn).toContainEqual(expect.stringContaining('KubectlAccess'));
    expect(named('second')?.[1].DependsOn).toContain(first);
  });

  test('are whole or not at all, waited for, and stay when they leave the declaration', () => {
    for (const { Properties, DeletionPolicy } of Object.values(found)) {
      expect(Properties).toMatchObject({ Atomic: true, Wait: true, Timeout: '840s', Version: '1.2.3' });
      // With its definitions every object of them would go.
      expect(DeletionPolicy).toBe('Retain');
    }
  });

  test('name their chart as CDK pulls it: beside its repository, or as the end of a registry', () => {
    expect(named('first')?.[1].Properties).toMatchObject({
      Chart: 'first-chart',
      Repository: 'https://charts.example.com',
      Values: '{"replicas":2}',
    });
    expect(named('second')?.[1].Properties).toMatchObject({
      Repository: 'oci://registry.example.com/charts/second-chart',
    });
  });
});
