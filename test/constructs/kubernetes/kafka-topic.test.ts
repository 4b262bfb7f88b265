import { describe, expect, test } from '@jest/globals';
import { Duration, defineTopology } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { ConstructError } from '../../../constructs/errors.ts';
import { KafkaService, KafkaTopic } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

const workTime = { mean: '100 milliseconds', p99: '1 second' } as const;

function synthesize(consumer = 'billing'): readonly Manifest[] {
  const topology = defineTopology({
    name: 'shop',
    queues: {},
    workers: {},
    topics: {
      orders: {
        arrivalRate: '50/s',
        retention: '3 days',
        consumers: { [consumer]: { workTime }, search: { workTime } },
      },
    },
  });
  const chart = new Chart(new App(), 'topics', { namespace: 'kafka' });
  const [topic] = Object.values(topology.topics);
  if (topic === undefined) throw new Error('no topic');
  const kafka = new KafkaService({ namespace: 'kafka', authentication: 'tls', brokers: 3, controllers: 3 });
  new KafkaTopic(chart, 'orders', { topology, topic, kafka, deadLetterRetention: Duration.parse('30 days') });
  return chart.toJson() as Manifest[];
}

const specs = () =>
  synthesize().map(
    (manifest) =>
      manifest['spec'] as {
        readonly topicName: string;
        readonly partitions: number;
        readonly replicas: number;
        readonly config: Readonly<Record<string, unknown>>;
      },
  );

describe('a Kafka topic', () => {
  test('has a dead-letter topic for each of its consumers', () => {
    expect(specs().map(({ topicName }) => topicName)).toEqual([
      'shop.orders',
      'shop.orders.billing.dead',
      'shop.orders.search.dead',
    ]);
  });

  test('has the partitions of the model, and its dead letters as many', () => {
    // 100/s at peak, 10 at once at 70 %: 15 readers, doubled, a multiple of three.
    expect(specs().map(({ partitions }) => partitions)).toEqual([30, 30, 30]);
  });

  test('says how long it keeps what', () => {
    expect(specs().map(({ config }) => config['retention.ms'])).toEqual([259_200_000, 2_592_000_000, 2_592_000_000]);
  });

  test('goes on with one broker away, and never elects one that has not kept up', () => {
    for (const { replicas, config } of specs()) {
      expect(replicas).toBe(3);
      expect(config).toMatchObject({ 'min.insync.replicas': 2, 'unclean.leader.election.enable': false });
    }
  });

  test('holds every rule', () => {
    expect(checkManifests(synthesize())).toEqual([]);
  });

  test('rejects a dead-letter topic with a name that Kafka does not take', () => {
    let error: unknown;
    try {
      synthesize('b'.repeat(240));
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'name-too-long')).toBe(true);
  });
});

describeWith(realData, "Strimzi's definition of a topic", () => {
  test('takes it without a field that it does not know', () => {
    const schemas = new ApiSchemas();
    expect(synthesize().flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
