import { Bytes, Duration, defineTopology } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { BrokerMonitor, KafkaCluster, KafkaTopic, KafkaUser } from '../../constructs/kubernetes/index.ts';

const workTime = { mean: '50 milliseconds', p99: '400 milliseconds' } as const;

/** A Kafka cluster of the team's own, one topic, and the user of the service that indexes its events. */
export function eventsOnKafka(): App {
  const topology = defineTopology({
    name: 'shop',
    queues: {},
    workers: {},
    topics: { orders: { arrivalRate: '200/s', retention: '3 days', consumers: { search: { workTime } } } },
  });
  const app = new App();
  const chart = new Chart(app, 'events', { namespace: 'shop' });
  const { service: kafka } = new KafkaCluster(chart, 'kafka', {
    namespace: 'shop',
    authentication: 'tls',
    brokers: 3,
    controllers: 3,
    durability: 'replicated',
    nodes: {
      broker: {
        resources: { cpu: 2, memory: Bytes.parse('8 GiB') },
        storage: { storageClass: 'fast', size: Bytes.parse('500 GiB') },
      },
      controller: {
        resources: { cpu: 0.5, memory: Bytes.parse('2 GiB') },
        storage: { storageClass: 'fast', size: Bytes.parse('20 GiB') },
      },
    },
    clientNamespaces: ['shop'],
  });
  const topic = topology.topics.orders;
  const deadLetterRetention = Duration.parse('30 days');
  const orders = new KafkaTopic(chart, 'orders', { topology, topic, kafka, deadLetterRetention });
  new KafkaUser(chart, 'search', {
    topology,
    name: 'search',
    kafka,
    consumes: [{ topic: orders, consumer: 'search' }],
  });
  const broker = { kind: 'kafka', service: kafka, topics: [topic] } as const;
  new BrokerMonitor(chart, 'monitor', { topology, namespace: 'shop', broker });
  return app;
}
