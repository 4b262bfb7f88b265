import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf } from './case.ts';

const metadata = (name: string) => ({ name, namespace: 'events', labels: { 'strimzi.io/cluster': 'backbone' } });
const apiVersion = 'kafka.strimzi.io/v1';

const pool = (role: string, memory: string, heap: string): Manifest => ({
  apiVersion,
  kind: 'KafkaNodePool',
  metadata: metadata(role),
  spec: {
    replicas: 3,
    roles: [role],
    storage: {
      type: 'jbod',
      volumes: [{ id: 0, type: 'persistent-claim', size: '100Gi', kraftMetadata: 'shared', deleteClaim: false }],
    },
    resources: { requests: { cpu: '1', memory }, limits: { memory } },
    jvmOptions: { '-Xms': heap, '-Xmx': heap },
  },
});

const kafka: Manifest = {
  apiVersion,
  kind: 'Kafka',
  metadata: { name: 'backbone', namespace: 'events' },
  spec: {
    kafka: {
      rack: { topologyKey: 'topology.kubernetes.io/zone' },
      listeners: [
        { name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'tls' } },
        { name: 'scram', port: 9094, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } },
      ],
      authorization: { type: 'simple' },
      config: {
        'default.replication.factor': 3,
        'min.insync.replicas': 2,
        'offsets.topic.replication.factor': 3,
        'transaction.state.log.replication.factor': 3,
        'transaction.state.log.min.isr': 2,
        'auto.create.topics.enable': 'false',
      },
    },
    entityOperator: { topicOperator: {}, userOperator: {} },
  },
};

const topic = (name: string): Manifest => ({
  apiVersion,
  kind: 'KafkaTopic',
  metadata: metadata(name),
  spec: { partitions: 12, replicas: 3, config: { 'min.insync.replicas': 2, 'retention.ms': 604_800_000 } },
});

const user: Manifest = {
  apiVersion,
  kind: 'KafkaUser',
  metadata: metadata('indexer'),
  spec: {
    authentication: { type: 'tls' },
    authorization: {
      type: 'simple',
      acls: [
        { resource: { type: 'topic', name: 'mails', patternType: 'literal' }, operations: ['Read', 'Describe'] },
        { resource: { type: 'group', name: 'indexer', patternType: 'literal' }, operations: ['Read'] },
        {
          resource: { type: 'topic', name: 'mails.indexer.dead', patternType: 'literal' },
          operations: ['Write', 'Describe'],
        },
      ],
    },
  },
};

const scaler: Manifest = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'indexer', namespace: 'events' },
  spec: {
    scaleTargetRef: { name: 'indexer' },
    minReplicaCount: 2,
    maxReplicaCount: 12,
    fallback: { failureThreshold: 3, replicas: 2, behavior: 'currentReplicasIfHigher' },
    advanced: {
      horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 300 } } },
    },
    triggers: [
      {
        type: 'kafka',
        metadata: { bootstrapServers: 'backbone-kafka-bootstrap:9093', consumerGroup: 'indexer', topic: 'mails' },
        authenticationRef: { name: 'indexer' },
      },
    ],
  },
};

const compliant = [
  pool('controller', '2Gi', '1g'),
  pool('broker', '8Gi', '4g'),
  kafka,
  topic('mails'),
  topic('mails.indexer.dead'),
  user,
  scaler,
];
const { broken, without } = casesOf(compliant);
const KAFKA = ['Kafka', 'backbone'] as const;
const BROKER = ['KafkaNodePool', 'broker'] as const;
const CONTROLLER = ['KafkaNodePool', 'controller'] as const;
const TOPIC = ['KafkaTopic', 'mails'] as const;
const USER = ['KafkaUser', 'indexer'] as const;
const SCALER = ['ScaledObject', 'indexer'] as const;
const config = (key: string) => ['spec', 'kafka', 'config', key];

export const kafkaCases: CaseSet = {
  name: 'Kafka',
  compliant,
  cases: [
    broken(
      'kafka-quorum',
      'the removed version',
      KAFKA,
      'apiVersion',
      'kafka.strimzi.io/v1beta2',
      /expected kafka.*v1/,
    ),
    broken('kafka-quorum', 'two controllers', CONTROLLER, 'spec.replicas', 2, /2 controllers/),
    broken('kafka-quorum', 'two brokers', BROKER, 'spec.replicas', 2, /2 brokers/),
    broken('kafka-quorum', 'nodes of both roles', BROKER, 'spec.roles', ['broker', 'controller'], /pools of their own/),
    without('kafka-quorum', 'no controllers', CONTROLLER, /0 controllers/),
    broken(
      'kafka-replication',
      'an unstated minimum',
      KAFKA,
      config('min.insync.replicas'),
      undefined,
      /min.insync.replicas is not/,
    ),
    broken(
      'kafka-replication',
      'one copy',
      KAFKA,
      config('default.replication.factor'),
      1,
      /default.replication.factor is 1/,
    ),
    broken(
      'kafka-replication',
      'an unstated factor of offsets',
      KAFKA,
      config('offsets.topic.replication.factor'),
      undefined,
      /offsets.*not stated/,
    ),
    broken(
      'kafka-replication',
      'a minimum of all copies',
      KAFKA,
      config('min.insync.replicas'),
      3,
      /stops all writers/,
    ),
    broken(
      'kafka-replication',
      'more copies than brokers',
      KAFKA,
      config('default.replication.factor'),
      5,
      /5 on 3 brokers/,
    ),
    broken('kafka-placement', 'no rack', KAFKA, 'spec.kafka.rack', undefined, /rack.topologyKey is not stated/),
    broken(
      'kafka-placement',
      'a disk of the pod',
      BROKER,
      'spec.storage.volumes.0.type',
      'ephemeral',
      /disk that is ephemeral/,
    ),
    broken(
      'kafka-placement',
      'storage of one disk',
      BROKER,
      'spec.storage',
      { type: 'persistent-claim', size: '1Gi' },
      /expected jbod/,
    ),
    broken(
      'kafka-placement',
      'disks that go with the resource',
      BROKER,
      'spec.storage.volumes.0.deleteClaim',
      true,
      /deletes its disks/,
    ),
    broken('kafka-placement', 'no request', BROKER, 'spec.resources.requests.cpu', undefined, /requests no cpu/),
    broken('kafka-placement', 'no limit of memory', BROKER, 'spec.resources.limits', undefined, /is not its request/),
    broken('kafka-placement', 'no heap', BROKER, 'spec.jvmOptions', undefined, /does not state its heap/),
    broken(
      'kafka-placement',
      'a heap of all memory',
      BROKER,
      'spec.jvmOptions.-Xmx',
      '8192m',
      /no memory for the page cache/,
    ),
    broken('kafka-access', 'a plain listener', KAFKA, 'spec.kafka.listeners.0.tls', false, /tls is not encrypted/),
    broken(
      'kafka-access',
      'a listener for all',
      KAFKA,
      'spec.kafka.listeners.1.authentication',
      undefined,
      /scram asks nobody/,
    ),
    broken('kafka-access', 'no listener', KAFKA, 'spec.kafka.listeners', undefined, /no listener/),
    broken('kafka-access', 'no authorization', KAFKA, 'spec.kafka.authorization', undefined, /no authorization/),
    broken(
      'kafka-access',
      'topics that come by themselves',
      KAFKA,
      config('auto.create.topics.enable'),
      undefined,
      /auto.create/,
    ),
    broken('kafka-user-least', 'no authentication', USER, 'spec.authentication', undefined, /who it is/),
    broken('kafka-user-least', 'a user of no cluster', USER, 'metadata.labels', {}, /names no cluster/),
    broken(
      'kafka-user-least',
      'an ACL of no topic',
      USER,
      'spec.authorization.acls.0.resource.name',
      undefined,
      /names no topic/,
    ),
    broken('kafka-user-least', 'no ACL', USER, 'spec.authorization', undefined, /no ACL/),
    broken('kafka-user-least', 'every topic', USER, 'spec.authorization.acls.0.resource.name', '*', /every topic/),
    broken(
      'kafka-user-least',
      'every operation',
      USER,
      'spec.authorization.acls.0.operations',
      ['All'],
      /everything to topic mails/,
    ),
    broken('kafka-topic-durable', 'one copy', TOPIC, 'spec.replicas', 1, /replicas is 1/),
    broken('kafka-topic-durable', 'the partitions of the broker', TOPIC, 'spec.partitions', undefined, /partitions/),
    broken('kafka-topic-durable', 'more copies than brokers', TOPIC, 'spec.replicas', 4, /4 replicas on 3 brokers/),
    broken(
      'kafka-topic-durable',
      'the minimum of the broker',
      TOPIC,
      ['spec', 'config', 'min.insync.replicas'],
      undefined,
      /min.insync.replicas is not/,
    ),
    broken(
      'kafka-topic-durable',
      'a minimum of all copies',
      TOPIC,
      ['spec', 'config', 'min.insync.replicas'],
      3,
      /stops all writers/,
    ),
    broken('kafka-topic-durable', 'no retention', TOPIC, ['spec', 'config', 'retention.ms'], undefined, /retention.ms/),
    broken('kafka-topic-durable', 'no cluster', TOPIC, 'metadata.labels', {}, /names no cluster/),
    broken(
      'kafka-dead-letters',
      'a group without dead letters',
      USER,
      'spec.authorization.acls.2.operations',
      ['Describe'],
      /no topic of dead letters/,
    ),
    broken(
      'kafka-trigger-partitions',
      'more replicas than partitions',
      SCALER,
      'spec.maxReplicaCount',
      13,
      /13 is more than the 12 partitions of mails/,
    ),
    broken(
      'kafka-trigger-partitions',
      'fewer partitions than replicas',
      TOPIC,
      'spec.partitions',
      6,
      /12 is more than the 6/,
    ),
    broken(
      'kafka-trigger-partitions',
      'no maximum',
      SCALER,
      'spec.maxReplicaCount',
      undefined,
      /100 is more than the 12/,
    ),
    broken(
      'kafka-trigger-partitions',
      'no topic',
      SCALER,
      'spec.triggers.0.metadata.topic',
      undefined,
      /names no topic/,
    ),
  ],
};
