import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AlertTopics } from '../../../constructs/aws/alert-topics.ts';
import { DataKey } from '../../../constructs/aws/data-key.ts';
import { ManagedGrafana, type ManagedGrafanaProps } from '../../../constructs/aws/managed-grafana.ts';
import { ManagedPrometheus, type ManagedPrometheusProps } from '../../../constructs/aws/managed-prometheus.ts';
import { TelemetryAccess } from '../../../constructs/aws/telemetry-access.ts';
import { TraceSearch, traceEndpoint } from '../../../constructs/aws/trace-search.ts';
import { Binding } from '../../../constructs/binding.ts';
import { type CloudFormationTemplate, checkTemplates } from '../../../constructs/policies/aws/index.ts';
import { platform } from '../../../stacks/platform.ts';
import { clusterStack } from './cluster-stack.ts';

function made(props: Partial<ManagedPrometheusProps> & { readonly grafana?: Partial<ManagedGrafanaProps> } = {}) {
  const { grafana, ...prometheusProps } = props;
  const stack = new Stack(new App(), 'test', { env: { region: 'eu-central-1' } });
  const { key } = new DataKey(stack, 'Key', { description: 'Observability' });
  const topics = new AlertTopics(stack, 'Alerts', {
    name: 'shop-prod',
    key,
    emails: { page: ['oncall@example.com'], ticket: ['team@example.com'] },
  });
  const prometheus = new ManagedPrometheus(stack, 'Prometheus', {
    name: 'shop-prod',
    watched: { topology: platform, namespace: 'mailroom', runbooks: { url: 'https://docs.example.com/alerts' } },
    topics,
    key,
    ...prometheusProps,
  });
  new ManagedGrafana(stack, 'Grafana', { name: 'shop-prod', prometheus, ...grafana });
  return { stack, prometheus, template: Template.fromStack(stack) };
}

const { stack, prometheus, template } = made();

const propertiesOf = (type: string): Record<string, unknown> =>
  Object.values(template.findResources(type))[0]?.['Properties'];

/** A text with whatever is known later as `<...>`. */
function textOf(value: unknown): string {
  const resolved = stack.resolve(value) as string | { readonly 'Fn::Join': [string, readonly unknown[]] };
  if (typeof resolved === 'string') return resolved;
  return resolved['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : '<token>')).join('');
}

describe('the topics of alerts', () => {
  test('are two, by how soon somebody has to look, and each has its own readers', () => {
    const topics = template.findResources('AWS::SNS::Topic');
    expect(Object.values(topics).map(({ Properties }) => Properties.TopicName)).toEqual([
      'shop-prod-page',
      'shop-prod-ticket',
    ]);
    const [page] = Object.keys(topics);
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Endpoint: 'oncall@example.com',
      TopicArn: { Ref: page },
    });
  });

  test('are encrypted under a key that lets their senders in, of this account only', () => {
    template.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    for (const service of ['cloudwatch.amazonaws.com', 'aps.amazonaws.com']) {
      template.hasResourceProperties('AWS::KMS::Key', {
        KeyPolicy: {
          Statement: Match.arrayWith([
            {
              Effect: 'Allow',
              Principal: { Service: service },
              Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
              Resource: '*',
              Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
            },
          ]),
        },
      });
    }
  });

  test.each([
    ['cloudwatch.amazonaws.com', 'sns:Publish', ':alarm:*'],
    ['aps.amazonaws.com', ['sns:Publish', 'sns:GetTopicAttributes'], ':workspace/*'],
  ])('take from %s what it sends for this account, and from nobody without TLS', (service, action, source) => {
    const policies = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
    expect(policies).toHaveLength(2);
    for (const { Properties } of policies) {
      const statements = Properties.PolicyDocument.Statement as readonly Record<string, unknown>[];
      const sender = statements.find(
        ({ Principal }) => (Principal as { readonly Service?: string }).Service === service,
      );
      expect(sender?.['Action']).toEqual(action);
      const { ArnLike, StringEquals } = (sender?.['Condition'] ?? {}) as Record<string, Record<string, unknown>>;
      expect(StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
      expect(textOf(ArnLike?.['aws:SourceArn'])).toContain(source);
      expect(statements).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });

  test('rejects a name that Amazon refuses', () => {
    const { key } = new DataKey(new Stack(new App(), 'test'), 'Key', { description: 'Key' });
    expect(
      () => new AlertTopics(key.stack, 'Alerts', { name: 'Shop Prod', key, emails: { page: [], ticket: [] } }),
    ).toThrow('[name-malformed]');
  });
});

describe('a workspace of Prometheus', () => {
  test('is encrypted under our key, says why a rule failed, and outlives its stack', () => {
    template.hasResource('AWS::APS::Workspace', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Alias: 'shop-prod',
        KmsKeyArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] },
        LoggingConfiguration: { LogGroupArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Logs'), 'Arn'] } },
        WorkspaceConfiguration: { RetentionPeriodInDays: 150 },
      },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      // Services that write logs for others may write to groups of this name without a policy for each.
      LogGroupName: '/aws/vendedlogs/prometheus/shop-prod',
      KmsKeyId: Match.anyValue(),
      RetentionInDays: 30,
    });
  });

  test('evaluates the rules of the platform, each with the page that says what to do', () => {
    const { groups } = JSON.parse(propertiesOf('AWS::APS::RuleGroupsNamespace')['Data'] as string) as {
      readonly groups: readonly {
        readonly name: string;
        readonly rules: readonly { readonly alert?: string; readonly annotations?: { readonly runbook_url: string } }[];
      }[];
    };
    expect(groups.map(({ name }) => name)).toEqual([
      'mailroom.objective.mails-in-time',
      'mailroom.queue.mails',
      'mailroom.engine.embedder',
    ]);
    const alerts = groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined));
    expect(alerts.length).toBeGreaterThan(5);
    for (const { alert, annotations } of alerts)
      expect(annotations?.runbook_url).toBe(`https://docs.example.com/alerts#${alert?.toLowerCase()}`);
  });

  test('sends pages to the one topic and everything else to the other, signed for the region', () => {
    const text = textOf(propertiesOf('AWS::APS::Workspace')['AlertManagerDefinition']);
    const { alertmanager_config } = JSON.parse(text) as { readonly alertmanager_config: string };
    const { route, receivers, inhibit_rules } = JSON.parse(alertmanager_config);
    expect(route.receiver).toBe('ticket');
    expect(route.routes).toEqual([expect.objectContaining({ matchers: ['severity="page"'], receiver: 'page' })]);
    expect(receivers.map(({ name }: { readonly name: string }) => name)).toEqual(['page', 'ticket']);
    for (const { sns_configs } of receivers)
      expect(sns_configs).toEqual([
        expect.objectContaining({ topic_arn: '<token>', sigv4: { region: 'eu-central-1' }, send_resolved: true }),
      ]);
    // The slow alert of a budget that already burns fast would be a second page for one cause.
    expect(inhibit_rules).toEqual([expect.objectContaining({ equal: ['namespace', 'objective'] })]);
  });

  test('is written to at its own address', () => {
    expect(textOf(prometheus.remoteWrite.lower())).toBe('<token>api/v1/remote_write');
  });

  test.each([29, 0, 1096, 30.5, Number.NaN])('rejects a retention of %d days', (retentionDays) => {
    expect(() => made({ retentionDays })).toThrow('[window-too-short]');
  });

  test('takes a retention of just the longest window of an objective', () => {
    made({ retentionDays: 30 }).template.hasResourceProperties('AWS::APS::Workspace', {
      WorkspaceConfiguration: { RetentionPeriodInDays: 30 },
    });
  });
});

describe('a workspace of Grafana', () => {
  test('lets people in by IAM Identity Center and keeps plug-ins out', () => {
    template.hasResource('AWS::Grafana::Workspace', {
      DeletionPolicy: 'Retain',
      Properties: {
        AuthenticationProviders: ['AWS_SSO'],
        AccountAccessType: 'CURRENT_ACCOUNT',
        PermissionType: 'CUSTOMER_MANAGED',
        PluginAdminEnabled: false,
        NetworkAccessControl: Match.absent(),
      },
    });
  });

  test('reads this workspace of Prometheus and no other, and writes nothing', () => {
    const [statements] = Object.values(template.findResources('AWS::IAM::Policy')).map(
      ({ Properties }) =>
        Properties.PolicyDocument.Statement as readonly { readonly Action: readonly string[]; Resource: unknown }[],
    );
    const [metrics, others] = statements ?? [];
    expect(metrics?.Action).toEqual(['aps:QueryMetrics', 'aps:GetLabels', 'aps:GetSeries', 'aps:GetMetricMetadata']);
    expect(metrics?.Resource).toEqual({ 'Fn::GetAtt': [expect.stringContaining('Prometheus'), 'Arn'] });
    for (const action of others?.Action ?? []) expect(action).toMatch(/:(Get|List|BatchGet)/);
  });

  test('has a role that Grafana takes for workspaces of this account only', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'grafana.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
              StringLike: { 'aws:SourceArn': Match.anyValue() },
            },
          },
        ],
      },
    });
  });

  test('is reached from stated ranges where somebody states them', () => {
    made({ grafana: { prefixLists: ['pl-12345678'] } }).template.hasResourceProperties('AWS::Grafana::Workspace', {
      NetworkAccessControl: { PrefixListIds: ['pl-12345678'], VpceIds: [] },
    });
  });
});

describe('traces', () => {
  const tracing = () => new Stack(new App(), 'test', { env: { region: 'eu-central-1' } });

  test('are written by X-Ray for this account, and the share of them that is indexed is stated', () => {
    const owner = tracing();
    const search = new TraceSearch(owner, 'Traces', { name: 'shop', indexedPercentage: 5 });
    const traces = Template.fromStack(owner);
    traces.hasResourceProperties('AWS::XRay::TransactionSearchConfig', { IndexingPercentage: 5 });
    const policy = textOf(owner.resolve(search.nodes.policy.policyDocument));
    const [statement] = (JSON.parse(policy) as { readonly Statement: readonly Record<string, unknown>[] }).Statement;
    expect(statement).toMatchObject({
      Principal: { Service: 'xray.amazonaws.com' },
      Action: 'logs:PutLogEvents',
      Condition: { StringEquals: { 'aws:SourceAccount': '<token>' } },
    });
    expect(statement?.['Resource']).toHaveLength(2);
    // X-Ray is refused where the policy comes later.
    traces.hasResource('AWS::XRay::TransactionSearchConfig', { DependsOn: [Match.stringLikeRegexp('Policy')] });
  });

  test('are sent to the address of the region', () => {
    expect(textOf(traceEndpoint(tracing()).lower())).toBe('https://xray.eu-central-1.<token>/v1/traces');
  });

  test.each([-1, 101, Number.NaN])('rejects to index %d percent', (indexedPercentage) => {
    expect(() => new TraceSearch(tracing(), 'Traces', { name: 'shop', indexedPercentage })).toThrow(
      '[quantity-malformed]',
    );
  });
});

describe('who sends from a cluster', () => {
  const { stack: owner, cluster } = clusterStack();
  new TelemetryAccess(owner, 'Telemetry', {
    cluster,
    metrics: {
      namespace: 'monitoring',
      serviceAccount: 'prometheus',
      workspace: Binding.of('arn:aws:aps:eu-central-1:1:workspace/ws-1'),
    },
    traces: { namespace: 'shop', serviceAccount: 'collector' },
  });
  const telemetry = Template.fromStack(owner);

  test('may write samples to one workspace and spans, each by an account of its own, and read neither', () => {
    const statements = Object.entries(telemetry.findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith('Telemetry'))
      .map(([, { Properties }]) => Properties.PolicyDocument.Statement);
    expect(statements).toEqual([
      [{ Action: 'aps:RemoteWrite', Effect: 'Allow', Resource: 'arn:aws:aps:eu-central-1:1:workspace/ws-1' }],
      [{ Action: ['xray:PutSpans', 'xray:PutSpansForIndexing'], Effect: 'Allow', Resource: '*' }],
    ]);
    for (const [namespace, serviceAccount] of [
      ['monitoring', 'prometheus'],
      ['shop', 'collector'],
    ])
      telemetry.hasResourceProperties('AWS::EKS::PodIdentityAssociation', {
        Namespace: namespace,
        ServiceAccount: serviceAccount,
      });
  });
});

test('what observes holds every policy', () => {
  expect(checkTemplates({ observability: template.toJSON() as CloudFormationTemplate })).toEqual([]);
});
