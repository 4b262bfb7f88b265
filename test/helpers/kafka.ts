import { Bytes, Duration, defineTopology, type Topology } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import {
  type KafkaAuthentication,
  KafkaCluster,
  type KafkaClusterProps,
  type KafkaSize,
  KafkaTopic,
  KafkaUser,
} from '../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../constructs/policies/index.ts';

const workTime = { mean: '100 milliseconds', p99: '1 second' } as const;

/** Two topics: `bill` reads orders and writes invoices, `search` reads orders. */
export const shop = defineTopology({
  name: 'shop',
  queues: {},
  workers: {},
  topics: {
    orders: { arrivalRate: '50/s', retention: '3 days', consumers: { bill: { workTime }, search: { workTime } } },
    invoices: { arrivalRate: '10/s', consumers: { post: { workTime } } },
  },
});

const gibibytes = (size: number) => Bytes.of(size * 2 ** 30);

const nodes: KafkaClusterProps['nodes'] = {
  broker: {
    resources: { cpu: 2, memory: gibibytes(8) },
    storage: { storageClass: 'fast', size: gibibytes(500) },
  },
  controller: {
    resources: { cpu: 0.5, memory: gibibytes(2) },
    storage: { storageClass: 'fast', size: gibibytes(20) },
  },
};

export const kafkaProps = <const A extends KafkaAuthentication>(authentication: A) => ({
  name: 'events',
  namespace: 'kafka',
  authentication,
  nodes,
  clientNamespaces: ['shop', 'reports'] as const,
});

export const FSYNC: KafkaSize = { brokers: 3, controllers: 3, durability: 'fsync' };
export const REPLICATED: KafkaSize = { brokers: 6, controllers: 5, durability: 'replicated' };
export const BEST_EFFORT: KafkaSize = { brokers: 1, controllers: 1, durability: 'best-effort' };

/** A cluster with its topics and the users of two services, as one team deploys them. */
export function kafkaPlatform<const A extends KafkaAuthentication>(
  authentication: A,
  size: KafkaSize,
  change: Partial<KafkaClusterProps> = {},
) {
  const chart = new Chart(new App(), 'events', { namespace: 'shop' });
  const topology: Topology = shop;
  const cluster = new KafkaCluster(chart, 'cluster', {
    ...kafkaProps(authentication),
    ...size,
    ...change,
  } as KafkaClusterProps<A>);
  const kafka = cluster.service;
  const topicOf = (id: keyof typeof shop.topics) =>
    new KafkaTopic(chart, id, {
      topology,
      topic: shop.topics[id],
      kafka,
      deadLetterRetention: Duration.parse('30 days'),
    });
  const orders = topicOf('orders');
  const invoices = topicOf('invoices');
  const biller = new KafkaUser(chart, 'biller', {
    topology,
    name: 'biller',
    kafka,
    produces: [invoices],
    consumes: [{ topic: orders, consumer: 'bill' }],
    transactional: true,
    quotas: { produce: Bytes.parse('10 MiB'), consume: Bytes.parse('20 MiB') },
  });
  const till = new KafkaUser(chart, 'till', { topology, name: 'till', kafka, produces: [orders] });
  return { chart, cluster, orders, invoices, biller, till, manifests: chart.toJson() as readonly Manifest[] };
}
