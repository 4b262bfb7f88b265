import type { Duration, ResolvedTopic, Topology } from '@penstock/model';
import { CfnTopic } from 'aws-cdk-lib/aws-msk';
import type { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { COPIES, IN_SYNC } from './msk-kind.ts';

interface TopicsOn {
  readonly clusterArn: string;
  readonly kind: 'provisioned' | 'express';
  readonly deadLetterRetention: Duration;
}

/** A topic as it is to be made. */
interface WantedTopic {
  readonly id: string;
  readonly name: string;
  readonly partitions: number;
  readonly retention: Duration;
}

/** Kafka's own limit. */
const LONGEST_NAME = 249;

/**
 * The topics of a topology, and those of what their consumers give up.
 *
 * @throws {ConstructError} `name-too-long`
 */
export function wantedTopics(topology: Topology, deadLetterRetention: Duration): readonly WantedTopic[] {
  const topics = Object.values<ResolvedTopic>(topology.topics).flatMap(
    ({ id, name, partitions, retention, consumers }) => [
      { id, name, partitions, retention },
      ...consumers.map((consumer) => ({
        id: `${id}-${consumer.id}-dead`,
        name: consumer.deadLetterTopic,
        // A record keeps the number of the partition it came from.
        partitions,
        retention: deadLetterRetention,
      })),
    ],
  );
  for (const { name } of topics) {
    if (name.length > LONGEST_NAME)
      throw new ConstructError('name-too-long', name, `has ${name.length} characters, expected ${LONGEST_NAME}`);
  }
  return topics;
}

/** Makes them by Amazon's own calls: no client of Kafka runs during a deployment, and nothing else makes topics. */
export function makeTopics(
  scope: Construct,
  topics: readonly WantedTopic[],
  { clusterArn, kind }: Omit<TopicsOn, 'deadLetterRetention'>,
): Readonly<Record<string, CfnTopic>> {
  return Object.fromEntries(
    topics.map(({ id, name, partitions, retention }) => {
      const topic = new CfnTopic(scope, `Topic-${id}`, {
        clusterArn,
        topicName: name,
        partitionCount: partitions,
        replicationFactor: COPIES,
        configs: base64({
          'cleanup.policy': 'delete',
          'retention.ms': retention.toMilliseconds('up'),
          // Express holds two of three in sync by itself and takes no other word for it.
          ...(kind === 'express' ? {} : { 'min.insync.replicas': IN_SYNC }),
        }),
      });
      return [name, topic];
    }),
  );
}

/** Properties as the service takes them: one a line, encoded. */
const base64 = (properties: Readonly<Record<string, string | number>>): string =>
  Buffer.from(
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
  ).toString('base64');
