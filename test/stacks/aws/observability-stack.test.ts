import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, test } from '@jest/globals';
import type { CloudFormationTemplate, TemplateResource } from '../../../constructs/policies/aws/index.ts';
import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { environments } from '../../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { full, topology } from './shop.ts';

const templates = {
  ...synthesizeAws(platform),
  ...synthesizeAws(topology, [full]),
} as Readonly<Record<string, CloudFormationTemplate>>;

const resourcesOf = (stack: string, type: string): readonly (readonly [string, TemplateResource])[] =>
  Object.entries(templates[stack]?.Resources ?? {}).filter(([, { Type }]) => Type === type);
const alarmsOf = (stack: string): readonly string[] =>
  resourcesOf(stack, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties?.['AlarmName'] as string);

describe('the stack that observes', () => {
  test('has the rules that the cluster has, so that both mean the same by the same name', () => {
    const [[, rules] = []] = resourcesOf('mailroom-prod-observability', 'AWS::APS::RuleGroupsNamespace');
    const { groups } = JSON.parse(rules?.Properties?.['Data'] as string) as { readonly groups: unknown };
    const inCluster = synthesizeKubernetes(platform, environments.prod).find(({ kind }) => kind === 'PrometheusRule');
    expect(inCluster?.['spec']).toEqual({ groups });
  });

  test('watches what Amazon runs for the environment, and nothing else', () => {
    expect(alarmsOf('mailroom-dev-observability').toSorted()).toEqual([
      'mailroom-dev-PenstockClusterSilent-mailroom-dev',
      'mailroom-dev-PenstockClusterStoreFilling-mailroom-dev',
      'mailroom-dev-PenstockNotificationsFailing-mailroom-dev',
      'mailroom-dev-PenstockPodsUnschedulable-mailroom-dev',
    ]);
    expect(alarmsOf('shop-prod-observability')).toEqual(
      expect.arrayContaining([
        'shop-prod-PenstockTopicLag-orders-billing',
        'shop-prod-PenstockPostgresConnectionsFull-shop-prod',
        'shop-prod-PenstockValkeyFull-shop-prod-shard-1',
        'shop-prod-PenstockRabbitMqBlocked-shop-prod-memory',
      ]),
    );
  });

  test('knows what it watches by the names that the other stacks give it', () => {
    const named = [
      ['AWS::MSK::Cluster', 'ClusterName'],
      ['AWS::RDS::DBCluster', 'DBClusterIdentifier'],
      ['AWS::ElastiCache::ReplicationGroup', 'ReplicationGroupId'],
      ['AWS::AmazonMQ::Broker', 'BrokerName'],
    ].map(([type, property]) => resourcesOf('shop-prod-data', type as string)[0]?.[1].Properties?.[property as string]);
    const [[, cluster] = []] = resourcesOf('shop-prod-cluster', 'AWS::EKS::Cluster');
    expect([...named, cluster?.Properties?.['Name']]).toEqual(Array(5).fill('shop-prod'));
    expect(JSON.stringify(templates['shop-prod-observability'])).not.toMatch(/Fn::ImportValue|"Export"/);
  });

  test('publishes where samples and spans are sent', () => {
    const names = resourcesOf('shop-prod-observability', 'AWS::SSM::Parameter').map(
      ([, { Properties }]) => Properties?.['Name'],
    );
    expect(names.toSorted()).toEqual([
      '/shop/prod/metrics-remote-write',
      '/shop/prod/metrics-workspace',
      '/shop/prod/traces-endpoint',
    ]);
  });

  test('sets X-Ray up in one environment of an account and region, for two would take it from each other', () => {
    const config = 'AWS::XRay::TransactionSearchConfig';
    expect(resourcesOf('mailroom-prod-observability', config)).toHaveLength(1);
    expect(resourcesOf('mailroom-dev-observability', config)).toHaveLength(0);
  });

  test('has one dashboard', () => {
    for (const stack of ['mailroom-dev-observability', 'mailroom-prod-observability', 'shop-prod-observability'])
      expect(resourcesOf(stack, 'AWS::CloudWatch::Dashboard')).toHaveLength(1);
  });

  test('is not there where nobody asked for it', () => {
    const { observability: _nobody, ...unwatched } = full;
    expect(Object.keys(synthesizeAws(topology, [unwatched]))).not.toContain('shop-prod-observability');
  });
});

/** Logical ids of what another id would replace, and what would be gone. */
const PINNED = {
  // Every sample of the retention: objectives begin anew, and a dashboard has no yesterday.
  'AWS::APS::Workspace': 'Prometheus2BCCDD01',
  // Dashboards and folders that people made, who may see them, and the address that everybody has.
  'AWS::Grafana::Workspace': 'Grafana43773C35',
  // The key of the samples: without it they cannot be read.
  'AWS::KMS::Key': 'KeyE447D366',
} as const;

test.each(Object.entries(PINNED))('the one %s that observes keeps its logical id', (type, id) => {
  expect(resourcesOf('shop-prod-observability', type).map(([logicalId]) => logicalId)).toEqual([id]);
});

describe('the dashboard for Grafana', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(execPath, [join(import.meta.dirname, '../../../stacks/aws/dashboard.ts'), ...args], { encoding: 'utf8' });

  test('is printed for an environment, ready to be imported', () => {
    const { stdout, status } = run('prod');
    expect(status).toBe(0);
    const { title, panels } = JSON.parse(stdout) as { readonly title: string; readonly panels: readonly unknown[] };
    expect(title).toBe('mailroom (mailroom)');
    expect(panels.length).toBeGreaterThan(10);
  });

  test('rejects an environment that is not there', () => {
    expect(run('production')).toMatchObject({
      status: 1,
      stderr: 'received "production", expected one of dev, prod\n',
    });
  });
});
