import { beforeAll, describe, expect, test } from '@jest/globals';
import { Chart, Testing } from 'cdk8s';
import {
  BrokerMonitor,
  KafkaService,
  type MonitoredBroker,
  NatsService,
  PostgresService,
  RabbitMqService,
  ValkeyService,
} from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { platform } from '../../../stacks/platform.ts';
import { shop } from '../../helpers/kafka.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

function monitor(broker: MonitoredBroker) {
  const chart = new Chart(Testing.app(), 'chart', { namespace: 'mailroom' });
  const { job } = new BrokerMonitor(chart, 'monitor', {
    topology: platform,
    namespace: 'mailroom',
    broker,
    pickedBy: { release: 'prometheus' },
  });
  const manifests = Testing.synth(chart) as Manifest[];
  return { manifests, manifest: manifests[0] as Manifest, job };
}

const kafka = new KafkaService({
  name: 'events',
  namespace: 'kafka',
  authentication: 'tls',
  brokers: 3,
  controllers: 3,
});

const BROKERS = [
  [
    { kind: 'nats', service: new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'periodic' }) },
    { 'app.kubernetes.io/name': 'nats', 'app.kubernetes.io/instance': 'nats' },
    'prom-metrics',
    'nats',
  ],
  [
    { kind: 'kafka', service: kafka, topics: Object.values(shop.topics) },
    { 'strimzi.io/kind': 'Kafka', 'strimzi.io/cluster': 'events' },
    'tcp-prometheus',
    'kafka',
  ],
  [
    { kind: 'rabbitmq', service: new RabbitMqService({ name: 'jobs', namespace: 'rabbit', nodes: 3, tls: true }) },
    { 'app.kubernetes.io/component': 'rabbitmq', 'app.kubernetes.io/name': 'jobs' },
    'prometheus',
    'rabbit',
  ],
  [
    {
      kind: 'postgres',
      service: new PostgresService({
        name: 'effects',
        namespace: 'data',
        instances: 3,
        synchronousStandbys: 1,
        backupEveryDays: 1,
        pooled: true,
      }),
    },
    { 'cnpg.io/podRole': 'instance', 'cnpg.io/cluster': 'effects' },
    'metrics',
    'data',
  ],
  [
    {
      kind: 'valkey',
      service: new ValkeyService({ name: 'ranks', namespace: 'data', servers: 2, isDurable: false, tls: true }),
    },
    { 'app.kubernetes.io/name': 'valkey', 'app.kubernetes.io/instance': 'ranks' },
    'metrics',
    'data',
  ],
] as const satisfies readonly (readonly [MonitoredBroker, object, string, string])[];

describe.each(BROKERS)('the monitor of %j', (broker, pods, port, namespace) => {
  const { manifests, manifest, job } = monitor(broker);

  test('finds the pods by the labels of whoever made them, in their own namespace', () => {
    expect(manifest['spec']).toMatchObject({
      selector: { matchLabels: pods },
      namespaceSelector: { matchNames: [namespace] },
      podMetricsEndpoints: [{ port, path: '/metrics' }],
    });
  });

  test('is found by its Prometheus, and says what its targets are called', () => {
    expect(manifest.metadata.labels?.['release']).toBe('prometheus');
    expect(job).toBe(`mailroom/${manifest.metadata.name}`);
  });

  test('breaks no policy', () => {
    expect(checkManifests(manifests)).toEqual([]);
  });
});

describeWith(realData, 'the schema of a PodMonitor', () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  test.each(BROKERS.map(([broker]) => broker))('takes that of $kind', (broker) => {
    expect(monitor(broker).manifests.flatMap((each) => schemas.faultsOf(each))).toEqual([]);
  });
});
