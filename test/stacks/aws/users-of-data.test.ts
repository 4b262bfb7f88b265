import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { type CloudFormationTemplate, checkTemplates } from '../../../constructs/policies/aws/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { awsApp, synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { clusterObjects } from '../../../stacks/aws/workloads-stack.ts';
import type { AwsEnvironment } from '../../../stacks/environments/aws-environment.ts';
import { platform } from '../../../stacks/platform.ts';
import { full } from './shop.ts';

/** A worker that knows all that Amazon runs: by a password where there is no other way, else by who it is. */
const environment: AwsEnvironment = {
  ...full,
  workloads: {
    ...full.workloads,
    finds: { classify: { DATABASE_HOST: 'database', RABBITMQ_URL: 'rabbitmq', CACHE_HOST: 'cache' } },
    reads: { classify: { 'rabbitmq.user': 'rabbitmq-username', 'rabbitmq.password': 'rabbitmq-password' } },
    users: { classify: { cache: 'web', database: 'classify' } },
  },
};
const templates = synthesizeAws(platform, [environment]) as Readonly<Record<string, CloudFormationTemplate>>;
const workloads = Object.values(templates['mailroom-prod-workloads']?.Resources ?? {});

const objectsOf = (of: AwsEnvironment): readonly Manifest[] => {
  const stack = new Stack(new App(), 'test', { env: { region: of.region } });
  const { machines, platform: rest } = clusterObjects(stack, platform, of);
  return [...machines, ...rest];
};

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}
/** What is allowed by actions that begin so, anywhere in the stack of workloads. */
const rights = (action: string): readonly Statement[] =>
  workloads
    .filter(({ Type }) => Type === 'AWS::IAM::Policy')
    .flatMap(
      ({ Properties }) =>
        (Properties as { PolicyDocument: { Statement: readonly Statement[] } }).PolicyDocument.Statement,
    )
    .filter(({ Action }) => [Action].flat().some((each) => each.startsWith(action)));

describe('a workload that reads a secret of AWS', () => {
  test('has it as files, from one field each of the secret that the stack of data publishes', () => {
    const synced = objectsOf(environment).find(({ metadata }) => metadata.name === 'mailroom-classify-secrets');
    const { data, secretStoreRef } = (synced as unknown as { spec: Record<string, unknown> }).spec;
    expect(secretStoreRef).toEqual({ name: 'platform', kind: 'ClusterSecretStore' });
    expect(data).toEqual([
      { secretKey: 'rabbitmq.user', remoteRef: { key: expect.stringMatching(/^\$\{Token/), property: 'username' } },
      { secretKey: 'rabbitmq.password', remoteRef: { key: expect.stringMatching(/^\$\{Token/), property: 'password' } },
    ]);
    const published = Object.values(templates['mailroom-prod-data']?.Resources ?? {}).filter(
      ({ Properties }) => Properties?.['Name'] === '/mailroom/prod/rabbitmq-secret',
    );
    // Its name, and not what is in it.
    expect(published[0]?.Properties?.['Value']).toEqual({ Ref: expect.stringMatching(/^RabbitMqAdministrator/) });
  });

  test('has a store in its cluster, also where the platform has no servers of its own', () => {
    const stores = objectsOf(environment).filter(({ kind }) => kind === 'ClusterSecretStore');
    expect(stores.map(({ metadata }) => metadata.name)).toEqual(['platform']);
    expect(objectsOf(full).filter(({ kind }) => kind === 'ClusterSecretStore')).toEqual([]);
  });

  test('lets the operator read that secret and use its key, and no other', () => {
    const read = rights('secretsmanager:');
    expect(read).toHaveLength(1);
    expect(JSON.stringify(read[0]?.Resource)).toMatch(/mailroomprodrabbitmqsecret/);
    expect(rights('kms:').map(({ Resource }) => JSON.stringify(Resource))).toEqual([
      expect.stringMatching(/mailroomproddatakey/),
    ]);
  });
});

describe('a workload that is a user of a store', () => {
  test('may connect to the cache as that user and to the database as that user, by no password', () => {
    const [cache] = rights('elasticache:');
    expect(JSON.stringify(cache?.Resource)).toMatch(/:replicationgroup:mailroom-prod".*:user:mailroom-prod-web"/);
    const [database] = rights('rds-db:');
    expect(JSON.stringify(database?.Resource)).toMatch(/:dbuser:".*databaseresource.*"\/classify"/);
    const accounts = workloads
      .filter(({ Type }) => Type === 'AWS::EKS::PodIdentityAssociation')
      .map(({ Properties }) => [Properties?.['Namespace'], Properties?.['ServiceAccount']]);
    expect(accounts).toContainEqual(['mailroom', 'mailroom-classify']);
  });

  test('reaches whoever lends it its rights', () => {
    const policies = objectsOf(environment).filter(({ kind }) => kind === 'NetworkPolicy');
    const asking = policies.filter((policy) => JSON.stringify(policy).includes('169.254.170.23/32'));
    expect(asking.map(({ metadata }) => metadata.name)).toEqual(['mailroom-classify', 'mailroom-traces']);
  });

  test('rejects a user that the cache does not have, and one without a database', () => {
    const as = (user: object, data = full.data): AwsEnvironment => ({
      ...full,
      ...(data === undefined ? {} : { data }),
      workloads: { ...full.workloads, users: { classify: user } },
    });
    expect(() => synthesizeAws(platform, [as({ cache: 'nobody' })])).toThrow(
      /users\.classify\.cache +\[reference-missing\]\s+received +nobody/,
    );
    expect(() => synthesizeAws(platform, [as({ database: 'classify' }, {})])).toThrow(
      /users\.classify\.database +\[reference-missing\]/,
    );
    expect(() => synthesizeAws(platform, [{ ...full, workloads: { ...full.workloads, users: { a: {} } } }])).toThrow(
      /workloads\.users\.a +\[reference-missing\]/,
    );
  });
});

test('every policy holds, on templates and on objects', () => {
  expect(checkTemplates(templates)).toEqual([]);
  expect(checkManifests(objectsOf(environment))).toEqual([]);
});

test('what reads addresses of data is deployed after it', () => {
  const stack = awsApp(platform, [environment])
    .synth()
    .stacks.find(({ stackName }) => stackName === 'mailroom-prod-workloads');
  expect(stack?.dependencies.map(({ id }) => id)).toContain('mailroom-prod-data');
});
