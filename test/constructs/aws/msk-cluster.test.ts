import { describe, expect, test } from '@jest/globals';
import { defineTopology } from '@penstock/model';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MskCluster, type MskClusterProps } from '../../../constructs/aws/msk-cluster.ts';
import type { MskKind } from '../../../constructs/aws/msk-kind.ts';
import { dataStack } from './data-stack.ts';

const topology = defineTopology({
  name: 'shop',
  queues: {},
  workers: {},
  topics: {
    orders: {
      arrivalRate: '100/s',
      retention: '3 days',
      consumers: {
        billing: { workTime: { mean: '20 milliseconds', p99: '100 milliseconds' } },
        search: { workTime: { mean: '10 milliseconds', p99: '50 milliseconds' } },
      },
    },
  },
});
const orders = topology.topics.orders;

const PROVISIONED = {
  kind: 'provisioned',
  version: '4.1.x.kraft',
  instance: 'kafka.m7g.large',
  storage: { initial: '100 GiB', maximum: '1000 GiB' },
} as const satisfies MskKind;
const EXPRESS = {
  kind: 'express',
  version: '4.2.x.kraft',
  instance: 'express.m7g.large',
  brokersPerZone: 2,
} as const satisfies MskKind;
const SERVERLESS = { kind: 'serverless', topics: 'made-in-cluster' } as const satisfies MskKind;

function made(kind: MskKind, props: Partial<MskClusterProps> = {}, zones = 3) {
  const { stack, network, key } = dataStack(zones);
  const cluster = new MskCluster(stack, 'Kafka', { topology, name: 'shop-dev', network, key, kind, ...props });
  return { stack, cluster, template: () => Template.fromStack(stack) };
}

const configsOf = (template: Template): readonly string[] =>
  Object.values(template.findResources('AWS::MSK::Topic')).map(({ Properties }) =>
    Buffer.from((Properties as { Configs: string }).Configs, 'base64').toString(),
  );

describe.each([
  ['provisioned', PROVISIONED, 3],
  ['Express', EXPRESS, 6],
] as const)('a cluster of %s brokers', (_name, kind, brokers) => {
  const template = made(kind).template();

  test('is open to signatures of IAM over TLS and to nothing else', () => {
    template.hasResourceProperties('AWS::MSK::Cluster', {
      ClientAuthentication: {
        Sasl: { Iam: { Enabled: true } },
        Unauthenticated: { Enabled: false },
        Tls: Match.absent(),
      },
      EncryptionInfo: {
        EncryptionAtRest: { DataVolumeKMSKeyId: Match.anyValue() },
        EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true },
      },
      BrokerNodeGroupInfo: { ConnectivityInfo: { PublicAccess: { Type: 'DISABLED' } } },
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 9098, ToPort: 9098 });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  });

  test('has as many brokers in every zone and runs KRaft', () => {
    template.hasResourceProperties('AWS::MSK::Cluster', {
      NumberOfBrokerNodes: brokers,
      KafkaVersion: Match.stringLikeRegexp('kraft$'),
      BrokerNodeGroupInfo: { ClientSubnets: ['subnet-00000000', 'subnet-00000001', 'subnet-00000002'] },
    });
  });

  test('has the topic and the dead letters of each consumer, in three copies', () => {
    const topics = Object.values(template.findResources('AWS::MSK::Topic')).map(({ Properties }) => Properties);
    expect(topics.map(({ TopicName }) => TopicName).toSorted()).toEqual([
      'shop.orders',
      'shop.orders.billing.dead',
      'shop.orders.search.dead',
    ]);
    expect(new Set(topics.map(({ PartitionCount }) => PartitionCount))).toEqual(new Set([orders.partitions]));
    expect(new Set(topics.map(({ ReplicationFactor }) => ReplicationFactor))).toEqual(new Set([3]));
    expect(configsOf(template)).toContainEqual(expect.stringContaining(`retention.ms=${3 * 86_400_000}`));
    expect(configsOf(template)).toContainEqual(expect.stringContaining(`retention.ms=${14 * 86_400_000}`));
  });

  test('outlives its stack, and so do its topics', () => {
    template.allResources('AWS::MSK::Cluster', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    template.allResources('AWS::MSK::Topic', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('makes no topic that nobody declared', () => {
    const [configuration] = Object.values(template.findResources('AWS::MSK::Configuration'));
    const { ServerProperties } = (configuration as { Properties: { ServerProperties: string } }).Properties;
    expect(ServerProperties).toContain('auto.create.topics.enable=false');
  });

  test('is found by one call, for which the caller has one right', () => {
    const [lookup] = Object.values(template.findResources('Custom::MskBootstrapBrokers'));
    expect(JSON.stringify(lookup?.['Properties'].Create)).toContain('GetBootstrapBrokers');
    expect(JSON.stringify(lookup?.['Properties'].Update)).toContain(`shop-dev-bootstrap-${brokers}`);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [{ Effect: 'Allow', Action: 'kafka:GetBootstrapBrokers', Resource: { Ref: Match.anyValue() } }],
      },
    });
  });
});

describe('provisioned brokers', () => {
  const template = made(PROVISIONED).template();

  test('state how many copies a record has before it is acknowledged', () => {
    const [configuration] = Object.values(template.findResources('AWS::MSK::Configuration'));
    const { ServerProperties } = (configuration as { Properties: { ServerProperties: string } }).Properties;
    expect(ServerProperties.trim().split('\n')).toEqual(
      expect.arrayContaining([
        'default.replication.factor=3',
        'min.insync.replicas=2',
        'transaction.state.log.min.isr=2',
        'unclean.leader.election.enable=false',
      ]),
    );
    expect(configsOf(template).every((config) => config.includes('min.insync.replicas=2'))).toBe(true);
  });

  test('grow their disks before they are full and never ask for smaller ones', () => {
    template.hasResourceProperties('AWS::MSK::Cluster', {
      BrokerNodeGroupInfo: { StorageInfo: { EBSStorageInfo: { VolumeSize: 100 } } },
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MaxCapacity: 1000,
      ScalableDimension: 'kafka:broker-storage:VolumeSize',
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: { DisableScaleIn: true, TargetValue: 60 },
    });
  });

  test('log to CloudWatch, encrypted and for a stated time', () => {
    template.hasResourceProperties('AWS::MSK::Cluster', {
      LoggingInfo: { BrokerLogs: { CloudWatchLogs: { Enabled: true } } },
      EnhancedMonitoring: 'PER_TOPIC_PER_BROKER',
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30, KmsKeyId: Match.anyValue() });
  });
});

test('Express brokers are told neither of disks, nor of logs, nor of copies, which are theirs', () => {
  const template = made(EXPRESS).template();
  template.hasResourceProperties('AWS::MSK::Cluster', {
    BrokerNodeGroupInfo: { StorageInfo: Match.absent() },
    LoggingInfo: Match.absent(),
  });
  expect(configsOf(template).some((config) => config.includes('insync'))).toBe(false);
  const [configuration] = Object.values(template.findResources('AWS::MSK::Configuration'));
  expect(JSON.stringify(configuration)).not.toContain('replica');
});

test('a serverless cluster asks for signatures too, and has no topic that Amazon could not make', () => {
  const template = made(SERVERLESS).template();
  template.hasResource('AWS::MSK::ServerlessCluster', {
    DeletionPolicy: 'Retain',
    Properties: { ClientAuthentication: { Sasl: { Iam: { Enabled: true } } } },
  });
  template.resourceCountIs('AWS::MSK::Topic', 0);
});

describe('the rights of a client', () => {
  test('name the topics it writes, those it reads and the group it reads them as', () => {
    const { stack, cluster } = made(PROVISIONED);
    const statements = cluster
      .access({ writes: ['shop.orders.billing.dead'], reads: [{ topic: 'shop.orders', group: 'shop.orders.billing' }] })
      .map((statement) => stack.resolve(statement.toStatementJson()) as { Action: unknown; Resource: unknown });
    expect(statements.map(({ Action }) => Action)).toEqual([
      'kafka-cluster:Connect',
      'kafka-cluster:WriteDataIdempotently',
      ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
      ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
      ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
    ]);
    const text = statements.map(({ Resource }) => JSON.stringify(Resource));
    expect(text[2]).toContain('/shop.orders.billing.dead');
    expect(text[4]).toMatch(/:group\/.*\/shop\.orders\.billing"/);
    expect(text.join()).not.toContain('*');
  });

  test('are none to write for who only reads', () => {
    const { cluster } = made(PROVISIONED);
    const actions = cluster
      .access({ writes: [], reads: [{ topic: 'shop.orders', group: 'shop.orders.billing' }] })
      .flatMap(({ actions: each }) => each);
    expect(actions.filter((action) => action.includes('Write'))).toEqual([]);
  });
});

describe('a cluster', () => {
  test.each([
    ['two zones', PROVISIONED, {}, 2, 'durability-unavailable'],
    ['Express in two zones', EXPRESS, {}, 2, 'durability-unavailable'],
    ['a name that is too long', PROVISIONED, { name: 'x'.repeat(65) }, 3, 'name-too-long'],
    ['a name with a dot', PROVISIONED, { name: 'shop.dev' }, 3, 'name-malformed'],
    [
      'disks that cannot grow',
      { ...PROVISIONED, storage: { initial: '10 GiB', maximum: '10 GiB' } },
      {},
      3,
      'storage-too-small',
    ],
    [
      'disks larger than Amazon has',
      { ...PROVISIONED, storage: { initial: '10 GiB', maximum: '17 TiB' } },
      {},
      3,
      'storage-too-small',
    ],
  ] as const)('rejects %s, before anything is made', (_title, kind, props, zones, code) => {
    const { stack, network, key } = dataStack(zones);
    expect(() => new MskCluster(stack, 'Kafka', { topology, name: 'shop', network, key, kind, ...props })).toThrow(
      `[${code}]`,
    );
    expect(stack.node.tryFindChild('Kafka')).toBeUndefined();
  });
});
