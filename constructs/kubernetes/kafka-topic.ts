import type { Duration, ResolvedTopic, Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import type { Override } from './api-object.ts';
import { kafkaTopic } from './crd/kafka-topic.ts';
import { platformMetadata } from './labels.ts';

export interface KafkaTopicProps {
  readonly topology: Topology;
  readonly topic: ResolvedTopic;
  /** Name of the Strimzi `Kafka` object; its topic operator makes the topics, in the namespace it watches. */
  readonly cluster: string;
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

  /** @throws {ConstructError} `name-too-long` when a dead-letter topic, named after both, has more than 249 characters */
  constructor(scope: Construct, id: string, props: KafkaTopicProps) {
    super(scope, id);
    const { topology, topic, cluster, overrides } = props;
    const object = (name: string, retention: Duration) => ({
      metadata: platformMetadata(topology, name, {
        'strimzi.io/cluster': cluster,
        'app.kubernetes.io/name': topic.id,
        'app.kubernetes.io/component': 'topic',
      }),
      spec: {
        topicName: name,
        // Dead letters get as many: a record keeps the number of the partition it came from.
        partitions: topic.partitions,
        replicas: COPIES,
        config: {
          'cleanup.policy': 'delete',
          'min.insync.replicas': IN_SYNC,
          'retention.ms': retention.toMilliseconds('up'),
          'unclean.leader.election.enable': false,
        },
      } as const,
    });
    this.nodes = {
      topic: kafkaTopic(this, 'topic', object(topic.name, topic.retention), overrides?.topic),
      deadLetters: Object.fromEntries(
        topic.consumers.map((consumer) => [
          consumer.id,
          kafkaTopic(
            this,
            `dead-letters-${consumer.id}`,
            object(deadLetterName(topic, consumer.id), props.deadLetterRetention),
            overrides?.deadLetters?.[consumer.id],
          ),
        ]),
      ),
    };
  }
}

/** One copy may be away while writers go on; two in sync keep what was acknowledged. */
const COPIES = 3;
const IN_SYNC = 2;

/** Kafka's own limit. */
const LONGEST_NAME = 249;

function deadLetterName(topic: ResolvedTopic, consumer: string): string {
  const name = `${topic.name}.${consumer}.dead`;
  if (name.length <= LONGEST_NAME) return name;
  throw new ConstructError(
    'name-too-long',
    `topics.${topic.id}.consumers.${consumer}`,
    `its dead-letter topic ${name} has ${name.length} characters, expected at most ${LONGEST_NAME}: shorten one of the ids`,
  );
}
