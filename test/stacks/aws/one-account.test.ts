import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import type { CloudFormationTemplate } from '../../../constructs/policies/aws/index.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { clusterObjects } from '../../../stacks/aws/workloads-stack.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import type { AwsEnvironment } from '../../../stacks/environments/aws-environment.ts';
import { platform } from '../../../stacks/platform.ts';

const { dev, prod } = awsEnvironments;
const templates = synthesizeAws(platform) as Readonly<Record<string, CloudFormationTemplate>>;
const README = readFileSync(join(import.meta.dirname, '../../../stacks/aws/README.md'), 'utf8');

const objectsOf = (environment: AwsEnvironment): readonly Manifest[] => {
  const stack = new Stack(new App(), 'test', { env: { region: environment.region } });
  const { machines, platform: rest } = clusterObjects(stack, platform, environment);
  return [...machines, ...rest];
};

/** Every value under one key, however deep. */
function valuesOf(key: string, value: unknown): readonly string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key && typeof inner === 'string' ? [inner] : valuesOf(key, inner),
  );
}

/** Keys in the store of secrets that some objects read. */
const secretsOf = (environment: AwsEnvironment): readonly string[] => {
  const read = objectsOf(environment).filter(({ kind }) => kind === 'ExternalSecret');
  const references = read.flatMap((each) => JSON.stringify(each).match(/"remoteRef":\{[^}]*\}/g) ?? []);
  return [...new Set(references.flatMap((text) => /"key":"([^"]*)"/.exec(text)?.[1] ?? []))].toSorted();
};

/** Images by the part of their name that is not the registry's. */
const imagesOf = (environment: AwsEnvironment): readonly string[] => {
  const images = valuesOf('image', objectsOf(environment));
  const references = valuesOf('reference', objectsOf(environment));
  return [...new Set([...images, ...references].map((image) => image.slice(image.indexOf('/') + 1)))].toSorted();
};

/** Names that are unique within a cluster, a role or a workspace, and not in an account. */
const WITHIN_ANOTHER =
  /^(AWS::EKS::(Addon|PodIdentityAssociation)|Custom::AWSCDK-EKS.*|AWS::IAM::Policy|AWS::APS::RuleGroupsNamespace)$/;

/** Names of what is there already: measures and services of Amazon. */
const OF_OTHERS: ReadonlySet<string> = new Set(['MetricName', 'ServiceName']);

describe('one account', () => {
  test('holds dev and prod: nothing that has a name has it in both', () => {
    const namesIn = (environment: string): readonly string[] =>
      Object.entries(templates)
        .filter(([stack]) => stack.startsWith(`mailroom-${environment}-`))
        .flatMap(([, { Resources = {} }]) => Object.values(Resources))
        .filter(({ Type }) => !WITHIN_ANOTHER.test(Type))
        .flatMap(({ Type, Properties = {} }) =>
          Object.entries(Properties).flatMap(([key, value]) =>
            /(?:Name|Identifier|Alias)$/.test(key) && typeof value === 'string' && !OF_OTHERS.has(key)
              ? [`${Type} ${key} ${value}`]
              : [],
          ),
        );
    const inDev = namesIn('dev');
    expect(inDev).toContain('AWS::EKS::Cluster Name mailroom-dev');
    expect(namesIn('prod').filter((name) => inDev.includes(name))).toEqual([]);
  });

  test('holds the secrets of both: none is read by two environments, and no user of one is known to the other', () => {
    const inDev = secretsOf(dev);
    expect(inDev).toEqual([
      'mailroom/dev/authority',
      'mailroom/dev/authority-key',
      'mailroom/dev/nats/classify',
      'mailroom/dev/nats/operator',
    ]);
    expect(secretsOf(prod).filter((name) => inDev.includes(name))).toEqual([]);
    const usersOf = (environment: AwsEnvironment): readonly string[] =>
      JSON.stringify(environment.workloads.nats).match(/\bU[A-Z2-7]{55}\b/g) ?? [];
    expect(usersOf(dev)).toHaveLength(3);
    expect(usersOf(prod).filter((key) => usersOf(dev).includes(key))).toEqual([]);
  });

  test('has a repository for every image that an environment runs', () => {
    const repositories = valuesOf('RepositoryName', templates['mailroom-artifacts']);
    for (const image of [...imagesOf(dev), ...imagesOf(prod)])
      expect(repositories).toContain(image.slice(0, image.lastIndexOf(':')));
  });
});

describe('the first deployment as the README tells it', () => {
  const [, steps = ''] = /```sh\n([\s\S]*?)```/.exec(README.slice(README.indexOf('## The first deployment'))) ?? [];

  test('deploys the stacks of dev in the order of their dependencies, and none that is not there', () => {
    const deployed = [...steps.matchAll(/^npx cdk deploy ([^#\n]*)/gm)].flatMap(([, stacks = '']) =>
      stacks.trim().split(/\s+/),
    );
    expect(deployed.toSorted()).toEqual(
      Object.keys(templates)
        .filter((stack) => !stack.startsWith('mailroom-prod-'))
        .toSorted(),
    );
    expect(deployed[0]).toBe('mailroom-artifacts');
    expect(deployed.at(-1)).toBe('mailroom-dev-workloads');
  });

  test('puts into the store what the cluster reads from it', () => {
    const written = [...steps.matchAll(/--name (mailroom\/dev\/\S+)/g)].map(([, name = '']) => name);
    const who = /for who in ([^;]+);/.exec(steps)?.[1]?.split(' ') ?? [];
    const names = written.flatMap((name) =>
      name.endsWith('$who') ? who.map((each) => name.replace('$who', each)) : [name],
    );
    expect(names).toEqual(expect.arrayContaining([...secretsOf(dev)]));
    // Beside what the cluster reads there is the seed of who publishes from elsewhere.
    expect(names.filter((name) => !secretsOf(dev).includes(name))).toEqual(['mailroom/dev/nats/intake']);
  });

  test('pushes every image that it runs, by its name and tag', () => {
    for (const image of imagesOf(dev)) expect(README).toContain(image.replace(/^mailroom\//, ''));
  });

  test('looks into a namespace that is there', () => {
    const namespaces = objectsOf(dev).filter(({ kind }) => kind === 'Namespace');
    const [, namespace = ''] = /kubectl --namespace (\S+) get pods/.exec(steps) ?? [];
    expect(namespaces.map(({ metadata }) => metadata.name)).toContain(namespace);
  });
});
