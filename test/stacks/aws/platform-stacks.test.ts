import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chdir, cwd } from 'node:process';
import { describe, expect, test } from '@jest/globals';
import { type CloudFormationTemplate, checkTemplates } from '../../../constructs/policies/aws/index.ts';
import { awsApp, synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { full, topology } from './shop.ts';

type Templates = Readonly<Record<string, CloudFormationTemplate>>;
const templates = synthesizeAws(topology, [full]) as Templates;
const data = templates['shop-prod-data']?.Resources ?? {};

describe('the stacks of a platform on AWS', () => {
  test('are synthesized for every environment without an account', () => {
    expect(Object.keys(synthesizeAws(platform)).toSorted()).toEqual([
      'mailroom-artifacts',
      'mailroom-dev-cluster',
      'mailroom-dev-network',
      'mailroom-dev-observability',
      'mailroom-dev-spending',
      'mailroom-dev-workloads',
      'mailroom-prod-cluster',
      'mailroom-prod-network',
      'mailroom-prod-observability',
      'mailroom-prod-spending',
      'mailroom-prod-workloads',
    ]);
  });

  test('have one for what holds data, and no Kafka without a topic', () => {
    expect(Object.keys(templates)).toContain('shop-prod-data');
    const without = synthesizeAws(platform, [full]) as Templates;
    const types = Object.values(without['mailroom-prod-data']?.Resources ?? {}).map(({ Type }) => Type);
    expect(types).toContain('AWS::RDS::DBCluster');
    expect(types).not.toContain('AWS::MSK::Cluster');
  });

  test('refuse to be deleted where data, or what it stands on, would go', () => {
    const protectedStacks = awsApp(topology, [full])
      .synth()
      .stacks.filter(({ terminationProtection }) => terminationProtection === true)
      .map(({ stackName }) => stackName);
    expect(protectedStacks.toSorted()).toEqual([
      'shop-artifacts',
      'shop-prod-cluster',
      'shop-prod-data',
      'shop-prod-network',
      'shop-prod-observability',
    ]);
  });

  test('hold every policy', () => {
    expect(checkTemplates(templates)).toEqual([]);
    expect(checkTemplates(synthesizeAws(platform) as Templates)).toEqual([]);
  });

  test('are the same twice, and from another folder', () => {
    const folder = cwd();
    chdir(mkdtempSync(join(tmpdir(), 'penstock-')));
    const elsewhere = synthesizeAws(topology, [full]);
    chdir(folder);
    expect(elsewhere).toEqual(templates);
    // Tokens have other numbers every time: nothing may be known by them.
    expect(synthesizeAws(platform)).toEqual(synthesizeAws(platform));
  });

  test('carry the tags by which a bill is split', () => {
    const tags = data[PINNED['AWS::RDS::DBCluster']]?.Properties?.['Tags'];
    expect(tags).toEqual(
      expect.arrayContaining([
        { Key: 'penstock:platform', Value: 'shop' },
        { Key: 'penstock:environment', Value: 'shop-prod' },
        { Key: 'penstock:stack', Value: 'data' },
      ]),
    );
  });

  test('warn before the money is gone, by the tag of the environment', () => {
    const [budget] = Object.values(templates['shop-prod-spending']?.Resources ?? {});
    expect(budget?.Properties).toMatchObject({
      Budget: {
        BudgetLimit: { Amount: 15_000, Unit: 'USD' },
        CostFilters: { TagKeyValue: ['user:penstock:environment$shop-prod'] },
      },
      NotificationsWithSubscribers: [
        { Notification: { NotificationType: 'ACTUAL', Threshold: 80 } },
        { Notification: { NotificationType: 'FORECASTED', Threshold: 100 } },
      ],
    });
  });

  test('publish addresses by parameter and export none: an export that is in use can never change', () => {
    const names = Object.values(data)
      .filter(({ Type }) => Type === 'AWS::SSM::Parameter')
      .map(({ Properties }) => Properties?.['Name']);
    expect(names.toSorted()).toEqual([
      '/shop/prod/cache',
      '/shop/prod/data-key',
      '/shop/prod/database',
      '/shop/prod/database-readers',
      '/shop/prod/database-resource',
      '/shop/prod/database-secret',
      '/shop/prod/kafka',
      '/shop/prod/kafka-arn',
      '/shop/prod/rabbitmq',
      '/shop/prod/rabbitmq-secret',
    ]);
    expect(Object.hasOwn(templates['shop-prod-data'] ?? {}, 'Outputs')).toBe(false);
  });
});

/** Logical ids of what holds data: another id is another resource, and the one with the data is left behind. */
const PINNED = {
  // The key of everything: without it backups and snapshots cannot be read.
  'AWS::KMS::Key': 'KeyE447D366',
  // All records of all topics, and the offsets of every consumer group.
  'AWS::MSK::Cluster': 'KafkaDE2CE4FA',
  // Every row, and the restore points of two weeks.
  'AWS::RDS::DBCluster': 'DatabaseF44359DD',
  // Keys, and work that waits in them.
  'AWS::ElastiCache::ReplicationGroup': 'Cache18F6EE16',
  // Messages that wait, and the users that were made by hand.
  'AWS::AmazonMQ::Broker': 'RabbitMq5DADAFF0',
} as const;

test.each(Object.entries(PINNED))('the one %s keeps its logical id', (type, id) => {
  const ids = Object.entries(data).flatMap(([logicalId, { Type }]) => (Type === type ? [logicalId] : []));
  expect(ids).toEqual([id]);
});

test('weights and images keep their logical ids: another id is an empty bucket beside the full one', () => {
  const artifacts = Object.entries((synthesizeAws(platform) as Templates)['mailroom-artifacts']?.Resources ?? {});
  const ids = artifacts.flatMap(([id, { Type }]) => (/S3::Bucket$|ECR::Repository$/.test(Type) ? [id] : []));
  expect(ids.toSorted()).toEqual([
    'ArtifactsInferenceEngine85BCEB60',
    'ArtifactsMailClassifier7C7D5541',
    'ArtifactsModelsAllMinilmL6V2856C5CEC',
    'ArtifactsNatsC1139000',
    'ArtifactsNatsioNatsServerConfigReloader4E52FFDE',
    'ArtifactsNatsioPrometheusNatsExporterAAD3A76F',
    'ArtifactsOtelOpentelemetryCollectorContribC0813DB1',
    'ArtifactsWeightsE91C97CE',
  ]);
});

/** Logical ids of the cluster's stack: what another id would replace. */
const PINNED_CLUSTER = {
  // Everything that runs, every volume claim, and the address of the API in every kubeconfig.
  'AWS::EKS::Cluster': ['Cluster3DA9CCBA'],
  // The keys of its logs and of the secrets in etcd: without them neither can be read.
  'AWS::KMS::Key': ['ClusterLogsKey13926658', 'ClusterSecretsKey462B29B5'],
  // What the control plane and its auditors wrote down.
  'AWS::Logs::LogGroup': ['ClusterLogsLogGroupC77E80EC'],
} as const;

test.each(Object.entries(PINNED_CLUSTER))('%s of the cluster keeps its logical id', (type, ids) => {
  const resources = Object.entries(templates['shop-prod-cluster']?.Resources ?? {});
  expect(resources.flatMap(([id, { Type }]) => (Type === type ? [id] : [])).toSorted()).toEqual(ids);
});
