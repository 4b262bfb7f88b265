import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type AlarmSpec, AWS_ALERT_NAMES, type WatchedService } from '../../../constructs/aws/alarm.ts';
import { metricsIn } from '../../../constructs/aws/alarm-signal.ts';
import { eksAlarms } from '../../../constructs/aws/alarms/eks.ts';
import { kafkaAlarms } from '../../../constructs/aws/alarms/kafka.ts';
import { postgresAlarms } from '../../../constructs/aws/alarms/postgres.ts';
import { endpointAlarms } from '../../../constructs/aws/alarms/sagemaker.ts';
import { valkeyAlarms } from '../../../constructs/aws/alarms/valkey.ts';
import { AlertTopics } from '../../../constructs/aws/alert-topics.ts';
import { METRICS } from '../../../constructs/aws/cloudwatch-metrics.ts';
import { DataKey } from '../../../constructs/aws/data-key.ts';
import { keyOf, ServiceAlarms } from '../../../constructs/aws/service-alarms.ts';
import { ServiceDashboard } from '../../../constructs/aws/service-dashboard.ts';
import { platform } from '../../../stacks/platform.ts';
import { EVERYTHING, topology } from './watched-services.ts';

function made(services: readonly WatchedService[], name = 'shop-prod') {
  const stack = new Stack(new App(), 'test', { env: { region: 'eu-central-1' } });
  const { key } = new DataKey(stack, 'Key', { description: 'Alerts' });
  const topics = new AlertTopics(stack, 'Topics', { name: 'shop-prod', key, emails: { page: [], ticket: [] } });
  new ServiceAlarms(stack, 'Alarms', {
    name,
    services,
    topics,
    runbooks: { url: 'https://docs.example.com/alerts' },
  });
  new ServiceDashboard(stack, 'Dashboard', { name: 'shop-prod', services });
  return Template.fromStack(stack);
}

interface AlarmProperties {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly AlarmRule?: string;
  readonly AlarmActions?: readonly { readonly Ref: string }[];
  readonly OKActions?: readonly { readonly Ref: string }[];
  readonly Threshold?: number;
  readonly EvaluationPeriods?: number;
  readonly TreatMissingData?: string;
  readonly Metrics?: readonly Record<string, unknown>[];
}

const template = made(EVERYTHING);
const propertiesOf = (type: string, from = template): readonly AlarmProperties[] =>
  Object.values(from.findResources(type)).map(({ Properties }) => Properties as AlarmProperties);
const alarms = propertiesOf('AWS::CloudWatch::Alarm');
const composites = propertiesOf('AWS::CloudWatch::CompositeAlarm');
const named = (part: string, among = alarms): AlarmProperties =>
  among.find(({ AlarmName }) => AlarmName === `shop-prod-${part}`) as AlarmProperties;
const specs = EVERYTHING.flatMap((service) => service.alarms);
const specOf = ({ alarms: all }: WatchedService, name: AlarmSpec['name']): AlarmSpec | undefined =>
  all.find((spec) => spec.name === name);

describe('the limits of alarms follow from the declaration', () => {
  test.each([
    ['PenstockTopicInflow-orders', 200 * 2048, 60, 'the highest rate of the mean size'],
    // 8 units of 2 GiB by 9 531 392 bytes, of which four fifths.
    ['PenstockPostgresConnectionsFull-shop-prod', Math.floor(1802 * 0.8), 5, 'memory of the class'],
    ['PenstockPostgresReplicaBehind-shop-prod', 20_000, 5, 'the shortest promise, in milliseconds'],
    ['PenstockPostgresCapacityReached-shop-prod', 8, 15, 'the units that were allowed'],
    ['PenstockValkeyReplicaBehind-shop-prod-shard-2', 20, 5, 'the shortest promise, in seconds'],
    ['PenstockEndpointSlow-shop-writer', 20_000_000, 10, 'the promise, in microseconds'],
    ['PenstockEndpointSlow-writer', 20_000, 10, 'the promise, in milliseconds'],
    // 10 replicas of 2000 tokens a second, 500 a request, for 20 s.
    ['PenstockEndpointBacklog-shop-batch', 800, 5, 'what is answered within the promise'],
    ['PenstockClusterStoreFilling-shop-prod', Math.floor(8 * 2 ** 30 * 0.8), 30, 'what EKS has for objects'],
  ])('%s: %d for %d minutes, %s', (name, threshold, minutes) => {
    expect(named(name)).toMatchObject({ Threshold: threshold, EvaluationPeriods: minutes });
  });

  test('lag is that of the topic, and holds for as long as the topic says', () => {
    // What 7 days of 100 a second leave in danger is more than an hour of what members have to spare.
    const { Threshold } = named('PenstockTopicLag-orders-billing');
    const [consumer] = topology.topics.orders.consumers;
    expect(Threshold).toBe(Math.floor(((consumer?.maxReplicas ?? 0) / 0.02 - 100) * 3600));
  });

  test('a reader that is not there cannot be behind, and nothing is late where nothing is promised', () => {
    const capacity = { kind: 'provisioned', instance: 'r8g.xlarge' } as const;
    const without = { ...topology, queues: {}, workers: {}, engines: {}, httpServices: {} };
    for (const aurora of [
      { name: 'db', capacity, readers: 0, topology },
      { name: 'db', capacity, readers: 2, topology: without },
    ])
      expect(specOf(postgresAlarms(aurora), 'PenstockPostgresReplicaBehind')).toBeUndefined();
    expect(specOf(eksAlarms({ name: 'eks', topology: without }), 'PenstockPodsUnschedulable')).toBeUndefined();
  });

  test('a machine has connections by its memory, and no more than Aurora takes', () => {
    const limitOf = (instance: 'r7g.large' | 'r8g.xlarge' | 'r8g.24xlarge') =>
      specOf(
        postgresAlarms({ name: 'db', capacity: { kind: 'provisioned', instance }, readers: 1, topology }),
        'PenstockPostgresConnectionsFull',
      )?.limit;
    expect([limitOf('r7g.large'), limitOf('r8g.xlarge'), limitOf('r8g.24xlarge')]).toEqual([
      { above: 1441 },
      { above: 2883 },
      { above: 4000 },
    ]);
  });

  test('what Amazon owns of a kind of Kafka is not asked of it', () => {
    const names = (kind: 'express' | 'serverless') =>
      kafkaAlarms({ name: 'kafka', kind, topology }).alarms.map(({ name }) => name);
    expect(names('express')).toEqual([
      'PenstockKafkaControllerMissing',
      'PenstockKafkaPartitionsOffline',
      'PenstockTopicInflow',
      'PenstockTopicLag',
      'PenstockTopicDeadLetters',
    ]);
    expect(names('serverless')).toEqual(['PenstockTopicLag']);
  });

  test('a cache that may forget and is full does what it is for', () => {
    const cache = (whenFull: 'evict' | 'refuse-writes') =>
      valkeyAlarms({ name: 'c', kind: { kind: 'nodes', node: 'cache.m7g.large', replicas: 0, whenFull }, topology });
    expect(cache('evict').alarms).toEqual([]);
    expect(cache('refuse-writes').alarms.map(({ name }) => name)).toEqual(['PenstockValkeyFull']);
  });

  test('pods may wait for a node as long as the slowest start takes', () => {
    const { writer } = topology.engines;
    const holds = specOf(eksAlarms({ name: 'eks', topology }), 'PenstockPodsUnschedulable')?.holds;
    expect(holds?.inSeconds).toBeGreaterThanOrEqual(writer.coldStart.plus(writer.startupBudget).inSeconds);
    expect(
      specOf(endpointAlarms({ name: 'w', engine: writer, serving: 'asynchronous' }), 'PenstockEndpointNotStarted')
        ?.holds,
    ).toEqual(writer.coldStart.plus(writer.startupBudget));
  });
});

describe('an alarm', () => {
  test('says what silence means, what it means for whom, and where its page is', () => {
    expect(alarms).toHaveLength(specs.length);
    for (const { AlarmDescription, TreatMissingData } of alarms) {
      expect(TreatMissingData).toMatch(/^(breaching|notBreaching|ignore)$/);
      expect(AlarmDescription).toMatch(/ https:\/\/docs\.example\.com\/alerts#penstock[a-z]+$/);
      expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
    }
  });

  test.each(['PenstockKafkaControllerMissing', 'PenstockClusterSilent'])('%s is raised by silence itself', (name) => {
    expect(named(`${name}-shop-prod`).TreatMissingData).toBe('breaching');
  });

  test('is told to the topic of its severity; who was woken is told when it is over', () => {
    const [page, ticket] = Object.keys(template.findResources('AWS::SNS::Topic'));
    expect(named('PenstockPostgresConnectionsFull-shop-prod')).toMatchObject({
      AlarmActions: [{ Ref: page }],
      OKActions: [{ Ref: page }],
    });
    const freezing = named('PenstockPostgresFreezing-shop-prod');
    expect(freezing.AlarmActions).toEqual([{ Ref: ticket }]);
    expect(freezing.OKActions).toBeUndefined();
  });

  test('is told by itself or by another, each exactly once', () => {
    const rules = composites.map(({ AlarmRule }) => (AlarmRule ?? '').replaceAll(/ AND NOT ALARM\("[^"]+"\)/g, ''));
    for (const { AlarmName, AlarmActions } of alarms) {
      const inRules = rules.filter((rule) => rule.includes(`ALARM("${AlarmName}")`)).length;
      expect([AlarmName, (AlarmActions ?? []).length + inRules]).toEqual([AlarmName, 1]);
    }
  });

  test('rejects a name that CloudWatch refuses', () => {
    expect(() => made(EVERYTHING, 's'.repeat(240))).toThrow('[name-too-long]');
  });
});

describe('one cause', () => {
  test('is one page: what an outage of Kafka sets off is told together', () => {
    const rule = named('kafka-outage', composites).AlarmRule ?? '';
    expect(rule.split(' OR ').toSorted()).toEqual(
      ['ControllerMissing', 'DiskFilling', 'PartitionsOffline', 'WritersRefused'].map(
        (name) => `ALARM("shop-prod-PenstockKafka${name}-shop-prod")`,
      ),
    );
    for (const name of ['ControllerMissing', 'PartitionsOffline'])
      expect(named(`PenstockKafka${name}-shop-prod`).AlarmActions).toBeUndefined();
  });

  test('is not told again by what follows from it', () => {
    expect(named('PenstockTopicLag-orders-billing').AlarmActions).toBeUndefined();
    expect(named('PenstockTopicLag-orders-billing-alone', composites).AlarmRule).toBe(
      'ALARM("shop-prod-PenstockTopicLag-orders-billing") AND NOT ALARM("shop-prod-kafka-outage")',
    );
  });

  test('is known before what is made of it', () => {
    for (const { DependsOn = [], Properties } of Object.values(
      template.findResources('AWS::CloudWatch::CompositeAlarm'),
    ))
      expect(DependsOn).toHaveLength(Properties.AlarmRule.match(/ALARM\(/g).length);
  });
});

describe('the metrics of alarms', () => {
  test('are all in the table, and the table has no other', () => {
    const used = new Set(specs.flatMap(({ signal }) => metricsIn(signal)));
    expect([...used].toSorted()).toEqual(Object.keys(METRICS).toSorted());
  });

  test('have in the template the names and dimensions of the table', () => {
    const known = Object.values(METRICS).map(({ namespace, name, dimensions }) =>
      JSON.stringify([namespace, name, dimensions.toSorted()]),
    );
    const asked = alarms.flatMap((alarm) => {
      const each = alarm.Metrics?.flatMap(({ MetricStat }) =>
        MetricStat === undefined ? [] : [(MetricStat as { readonly Metric: object }).Metric],
      ) ?? [alarm];
      return each as readonly {
        readonly Namespace: string;
        readonly MetricName: string;
        readonly Dimensions: readonly { readonly Name: string }[];
      }[];
    });
    expect(asked.length).toBeGreaterThan(15);
    for (const { Namespace, MetricName, Dimensions } of asked)
      expect(known).toContain(JSON.stringify([Namespace, MetricName, Dimensions.map(({ Name }) => Name).toSorted()]));
  });

  test('are looked for in all brokers at once by a query of all dimensions', () => {
    expect(named('PenstockKafkaWritersRefused-shop-prod').Metrics).toEqual([
      expect.objectContaining({
        Expression:
          'SELECT MAX("UnderMinIsrPartitionCount") FROM SCHEMA("AWS/Kafka", "Cluster Name", "Broker ID") WHERE "Cluster Name" = \'shop-prod\'',
      }),
    ]);
  });

  // What the CDK generates from Amazon's own descriptions of its services, for as much as they describe.
  const described = ['amazonmq', 'eks', 'elasticache', 'rds', 'sagemaker'].flatMap((service) => {
    const file = new URL(`aws-${service}/lib/${service}-canned-metrics.generated`, import.meta.resolve('aws-cdk-lib'));
    const names = new Map(
      [
        ...readFileSync(`${file.pathname}.js`, 'utf8').matchAll(
          /static (\w+)\(dimensions\)\{return\{namespace:"([^"]+)",metricName:"([^"]+)"/g,
        ),
      ].map(([, method, namespace, name]) => [method, `${namespace} ${name}`]),
    );
    return [
      ...readFileSync(`${file.pathname}.d.ts`, 'utf8').matchAll(/static (\w+)\(this: void, dimensions: \{([^}]*)\}/g),
    ].map(
      ([, method, dimensions = '']) =>
        [names.get(method), [...dimensions.matchAll(/(\w+): string/g)].map(([, name]) => name).toSorted()] as const,
    );
  });

  /** What Amazon describes on pages alone: read there, and here once more by whoever changes the table. */
  const READ = [
    'AWS/AmazonMQ RabbitMQDiskFree',
    'AWS/AmazonMQ RabbitMQDiskFreeLimit',
    'AWS/AmazonMQ RabbitMQMemLimit',
    'AWS/AmazonMQ RabbitMQMemUsed',
    'AWS/Bedrock InvocationLatency',
    'AWS/Bedrock InvocationServerErrors',
    'AWS/Bedrock InvocationThrottles',
    'AWS/EKS apiserver_storage_size_bytes',
    'AWS/ElastiCache ThrottledCmds',
    'AWS/Kafka ActiveControllerCount',
    'AWS/Kafka BytesInPerSec',
    'AWS/Kafka KafkaDataLogsDiskUsed',
    'AWS/Kafka OfflinePartitionsCount',
    'AWS/Kafka SumOffsetLag',
    'AWS/Kafka UnderMinIsrPartitionCount',
    'AWS/Kafka UnderReplicatedPartitions',
    'AWS/Prometheus AlertManagerNotificationsFailed',
    'AWS/RDS AuroraReplicaLagMaximum',
    'AWS/RDS MaximumUsedTransactionIDs',
    // Described by instance; the page has it by cluster too, over all instances.
    'AWS/RDS ServerlessDatabaseCapacity',
    'AWS/SageMaker ApproximateBacklogSize',
    'AWS/SageMaker HasBacklogWithoutCapacity',
  ];

  test('are those that Amazon describes, with the same dimensions, or were read on its pages', () => {
    expect(described.length).toBeGreaterThan(100);
    const unknown = Object.values(METRICS).filter(
      ({ namespace, name, dimensions }) =>
        !described.some(
          ([each, others]) =>
            each === `${namespace} ${name}` && JSON.stringify(others) === JSON.stringify(dimensions.toSorted()),
        ),
    );
    expect(unknown.map(({ namespace, name }) => `${namespace} ${name}`).toSorted()).toEqual(READ);
  });
});

describe('the dashboard', () => {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const { widgets } = JSON.parse(dashboard?.['Properties'].DashboardBody) as {
    readonly widgets: readonly {
      readonly type: string;
      readonly x: number;
      readonly y: number;
      properties: Record<string, unknown>;
    }[];
  };
  const graphs = widgets.filter(({ type }) => type === 'metric');

  test('has a graph for each alarm, with its limit as a line, and no two in one place', () => {
    expect(graphs.map(({ properties }) => properties['title'])).toEqual(
      specs.map(({ name, subject }) => `${name}: ${subject}`),
    );
    for (const [n, { properties }] of graphs.entries())
      expect(properties['annotations']).toEqual({
        horizontal: [{ label: 'limit', value: Object.values(specs[n]?.limit ?? {})[0] }],
      });
    expect(new Set(widgets.map(({ x, y }) => `${x} ${y}`)).size).toBe(widgets.length);
  });
});

describe('the page of alerts', () => {
  const text = readFileSync(new URL('../../../docs/alerts.md', import.meta.url), 'utf8');
  const parts = new Map(text.split(/^## /m).map((part) => [part.split('\n')[0], part]));

  test.each([...new Set(specs.map(({ name }) => name))])('says of %s what to do where Amazon runs it', (name) => {
    const own = (AWS_ALERT_NAMES as readonly string[]).includes(name);
    expect(parts.get(name)).toMatch(own ? /\n\n[A-Z]/ : /On Amazon/);
  });

  test('has no alarm that is never made', () => {
    expect([...new Set(specs.map(({ name }) => name))]).toEqual(expect.arrayContaining([...AWS_ALERT_NAMES]));
  });
});

test('a platform without anything that Amazon runs has no alarm', () => {
  expect(propertiesOf('AWS::CloudWatch::Alarm', made([]))).toEqual([]);
  expect(keyOf({ name: 'PenstockTopicLag', subject: 'a' })).toBe('PenstockTopicLag-a');
  expect(kafkaAlarms({ name: 'k', kind: 'serverless', topology: platform }).alarms).toEqual([]);
});
