import type { Duration, ResolvedTopic, Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { suppressionOf } from '../suppression.ts';
import type { Override } from './api-object.ts';
import { kafkaTopic } from './crd/kafka-topic.ts';
import type { KafkaService } from './kafka-service.ts';
import { platformMetadata } from './labels.ts';

export interface KafkaTopicProps {
  readonly topology: Topology;
  readonly topic: ResolvedTopic;
  /** The cluster it is on, whose topic operator makes it. */
  readonly kafka: KafkaService;
  /** How long a dead letter waits for a person. */
  readonly deadLetterRetention: Duration;
  readonly overrides?: {
    readonly topic?: Override;
    /** By id of the consumer. */
    readonly deadLetters?: Readonly<Record<string, Override>>;
  };
}

/** A topic and the dead-letter topic of each of its consumers, made by Strimzi. Services bind to them and create nothing. */
export class KafkaTopic extends Construct {
  readonly nodes: { readonly topic: ApiObject; readonly deadLetters: Readonly<Record<string, ApiObject>> };
  readonly topic: ResolvedTopic;
  readonly kafka: KafkaService;

  /** @throws {ConstructError} `name-too-long` when a dead-letter topic, named after both, has more than 249 characters */
  constructor(scope: Construct, id: string, props: KafkaTopicProps) {
    super(scope, id);
    const { topology, topic, kafka, overrides } = props;
    this.topic = topic;
    this.kafka = kafka;
    const object = (name: string, retention: Duration) => {
      const metadata = platformMetadata(topology, name, {
        ...kafka.labels,
        'app.kubernetes.io/name': topic.id,
        'app.kubernetes.io/component': 'topic',
      });
      return {
        metadata: {
          ...metadata,
          namespace: kafka.namespace,
          annotations: { ...metadata.annotations, ...(kafka.copies === 1 ? LONE_COPY : {}) },
        },
        spec: {
          topicName: name,
          // Dead letters get as many: a record keeps the number of the partition it came from.
          partitions: topic.partitions,
          replicas: kafka.copies,
          config: {
            'cleanup.policy': 'delete',
            'min.insync.replicas': kafka.inSync,
            'retention.ms': retention.toMilliseconds('up'),
            'unclean.leader.election.enable': false,
          },
        } as const,
      };
    };
    this.nodes = {
      topic: kafkaTopic(this, 'topic', object(topic.name, topic.retention), overrides?.topic),
      deadLetters: Object.fromEntries(
        topic.consumers.map((consumer) => [
          consumer.id,
          kafkaTopic(
            this,
            `dead-letters-${consumer.id}`,
            object(checked(consumer.deadLetterTopic, topic, consumer.id), props.deadLetterRetention),
            overrides?.deadLetters?.[consumer.id],
          ),
        ]),
      ),
    };
  }
}

/** The rule that a topic on one broker breaks by its nature. */
const LONE_COPY = { [suppressionOf('kafka-topic-durable')]: 'its cluster has one broker, and promises best effort' };

/** Kafka's own limit. */
const LONGEST_NAME = 249;

function checked(name: string, topic: ResolvedTopic, consumer: string): string {
  if (name.length <= LONGEST_NAME) return name;
  throw new ConstructError(
    'name-too-long',
    `topics.${topic.id}.consumers.${consumer}`,
    `its dead-letter topic ${name} has ${name.length} characters, expected at most ${LONGEST_NAME}: shorten one of the ids`,
  );
}
