import { type ResolvedTopicConsumer, topicAlerts } from '@penstock/model';
import { KafkaService } from '../../../constructs/kubernetes/index.ts';
import { shop } from '../../helpers/kafka.ts';
import { growing, LENGTH, steady, up, type Watched } from './broker-scenario.ts';

// What Prometheus sees of a Kafka cluster and of the consumers of its topics, and the ways in which each may be ill.

const kafka = new KafkaService({
  name: 'events',
  namespace: 'kafka',
  authentication: 'tls',
  brokers: 3,
  controllers: 3,
});

const OF = 'namespace="kafka",job="mailroom/mailroom-kafka-events"';
const node = (role: string, n: number) => `${OF},pod="events-events-${role}-${n}"`;
const EXPORTER = `${OF},pod="events-kafka-exporter-1"`;
const NODES = ['broker', 'controller'].flatMap((role) => [0, 1, 2].map((n) => [role, n] as const));
const disk = (role: string, n: number) => `namespace="kafka",persistentvolumeclaim="data-0-events-events-${role}-${n}"`;
const records = (topic: string) => `${EXPORTER},topic="${topic}",partition="0"`;
const group = ({ group: name }: ResolvedTopicConsumer, topic: string) =>
  `${EXPORTER},consumergroup="${name}",topic="${topic}",partition="0"`;

const consumers = Object.values(shop.topics).flatMap((topic) =>
  topic.consumers.map((consumer) => [topic.name, consumer] as const),
);
const [bill] = shop.topics.orders.consumers as readonly [ResolvedTopicConsumer];
const BILL = group(bill, 'shop.orders');

/** 600 events a minute in every topic, each read at once. */
const WELL: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    NODES.flatMap(([role, n]) => [
      [`kubelet_volume_stats_available_bytes{${disk(role, n)}}`, steady(60)],
      [`kubelet_volume_stats_capacity_bytes{${disk(role, n)}}`, steady(100)],
    ]),
  ),
  ...up(OF, [...NODES.map(([role, n]) => `events-events-${role}-${n}`), 'events-kafka-exporter-1']),
  ...Object.fromEntries(
    [0, 1, 2].flatMap((n) => [
      [`kafka_server_replicamanager_underminisrpartitioncount{${node('broker', n)}}`, steady(0)],
      [`kafka_server_replicamanager_underreplicatedpartitions{${node('broker', n)}}`, steady(0)],
      [`kafka_controller_kafkacontroller_activecontrollercount{${node('controller', n)}}`, steady(n === 0 ? 1 : 0)],
      [`kafka_controller_kafkacontroller_offlinepartitionscount{${node('controller', n)}}`, steady(0)],
    ]),
  ),
  ...Object.fromEntries(
    Object.values(shop.topics).flatMap(({ name }) => [
      [`kafka_topic_partition_current_offset{${records(name)}}`, growing(600)],
      [`kafka_topic_partition_oldest_offset{${records(name)}}`, steady(0)],
    ]),
  ),
  ...Object.fromEntries(
    consumers.flatMap(([topic, consumer]) => [
      [`kafka_consumergroup_lag{${group(consumer, topic)}}`, steady(20)],
      [`kafka_consumergroup_current_offset{${group(consumer, topic)}}`, growing(600)],
      [`kafka_topic_partition_current_offset{${records(consumer.deadLetterTopic)}}`, steady(7)],
      // Old ones were deleted when their time was over.
      [`kafka_topic_partition_oldest_offset{${records(consumer.deadLetterTopic)}}`, steady(7)],
    ]),
  ),
};

const { lagLimit } = topicAlerts(shop.topics.orders, bill);

const SCENARIOS: Watched['scenarios'] = [
  ['a broker of Kafka that is down', { [`up{${node('broker', 1)}}`]: steady(0) }, ['PenstockBrokerMissing']],
  ['the exporter of lags that is gone', { [`up{${EXPORTER}}`]: undefined }, ['PenstockBrokerMissing']],
  [
    'partitions of Kafka without a leader',
    { [`kafka_controller_kafkacontroller_offlinepartitionscount{${node('controller', 0)}}`]: steady(2) },
    ['PenstockKafkaPartitionsOffline'],
  ],
  [
    'partitions with one copy in sync',
    {
      [`kafka_server_replicamanager_underminisrpartitioncount{${node('broker', 1)}}`]: steady(1),
      [`kafka_server_replicamanager_underreplicatedpartitions{${node('broker', 1)}}`]: steady(1),
    },
    ['PenstockKafkaUnderReplicated', 'PenstockKafkaWritersRefused'],
  ],
  [
    'copies that catch up after a restart of ten minutes',
    {
      [`kafka_server_replicamanager_underreplicatedpartitions{${node('broker', 1)}}`]: `0x${LENGTH - 10} 4x20`,
    },
    [],
  ],
  [
    'a quorum of controllers that has lost its majority',
    { [`kafka_controller_kafkacontroller_activecontrollercount{${node('controller', 0)}}`]: steady(0) },
    ['PenstockKafkaControllerMissing'],
  ],
  [
    'two controllers that both lead',
    { [`kafka_controller_kafkacontroller_activecontrollercount{${node('controller', 1)}}`]: steady(1) },
    ['PenstockKafkaControllerMissing'],
  ],
  [
    'a disk of a broker that fills',
    { [`kubelet_volume_stats_available_bytes{${disk('broker', 2)}}`]: steady(15) },
    ['PenstockKafkaDiskFilling'],
  ],
  ['a lag that the group makes up for in time', { [`kafka_consumergroup_lag{${BILL}}`]: steady(lagLimit - 1) }, []],
  [
    'a lag that the whole group does not make up for in an hour',
    { [`kafka_consumergroup_lag{${BILL}}`]: steady(lagLimit + 1) },
    ['PenstockTopicLag'],
  ],
  [
    'a group that reads nothing while events wait',
    {
      [`kafka_consumergroup_lag{${BILL}}`]: growing(600),
      [`kafka_consumergroup_current_offset{${BILL}}`]: steady(9_000),
    },
    ['PenstockTopicStuck'],
  ],
  [
    'a group that has read all there is',
    {
      [`kafka_consumergroup_lag{${BILL}}`]: steady(0),
      [`kafka_consumergroup_current_offset{${BILL}}`]: steady(9_000),
    },
    [],
  ],
  [
    'a group that has never read',
    {
      [`kafka_consumergroup_lag{${BILL}}`]: undefined,
      [`kafka_consumergroup_current_offset{${BILL}}`]: undefined,
    },
    ['PenstockTopicStuck'],
  ],
  [
    'a group that has never read a topic without events',
    {
      [`kafka_consumergroup_lag{${BILL}}`]: undefined,
      [`kafka_consumergroup_current_offset{${BILL}}`]: undefined,
      [`kafka_topic_partition_current_offset{${records('shop.orders')}}`]: steady(0),
    },
    [],
  ],
  [
    'one event that a consumer has given up',
    { [`kafka_topic_partition_current_offset{${records(bill.deadLetterTopic)}}`]: steady(8) },
    ['PenstockTopicDeadLetters'],
  ],
];

export const kafkaWatched: Watched = {
  name: 'Kafka',
  broker: { kind: 'kafka', service: kafka, topics: Object.values(shop.topics) },
  well: WELL,
  scenarios: SCENARIOS,
};
