import type { ResolvedTopic, ResolvedTopicConsumer } from '@penstock/model';
import type { KafkaAcl, KafkaOperation } from './crd/kafka-user.ts';

/** What one user is granted, in the model's terms. */
export interface KafkaGrants {
  readonly produces: readonly ResolvedTopic[];
  readonly consumes: readonly { readonly topic: ResolvedTopic; readonly consumer: ResolvedTopicConsumer }[];
  /** What the ids of its transactions begin with; undefined for a user without transactions. */
  readonly transactionalIdPrefix: string | undefined;
}

/**
 * The access that the grants come to, and no more: a name each, one ACL a resource. Writing with idempotence needs none of
 * its own since Kafka 3; a transaction that also commits offsets needs to read the group, which a consumer may anyway.
 */
export function aclsOf({ produces, consumes, transactionalIdPrefix }: KafkaGrants): readonly KafkaAcl[] {
  const topics = new Map<string, Set<KafkaOperation>>();
  const allow = (topic: string, operation: KafkaOperation): void => {
    topics.set(topic, (topics.get(topic) ?? new Set()).add(operation));
  };
  for (const topic of produces) allow(topic.name, 'Write');
  for (const { topic, consumer } of consumes) {
    allow(topic.name, 'Read');
    allow(consumer.deadLetterTopic, 'Write');
  }
  const groups = new Set(consumes.map(({ consumer }) => consumer.group));
  return [
    ...[...topics].map(([name, operations]) => literal('topic', name, [...operations, 'Describe'])),
    ...[...groups].map((name) => literal('group', name, ['Read', 'Describe'])),
    ...(transactionalIdPrefix === undefined
      ? []
      : [
          {
            resource: { type: 'transactionalId', name: transactionalIdPrefix, patternType: 'prefix' },
            operations: ['Write', 'Describe'],
          } as const,
        ]),
  ];
}

const literal = (type: 'topic' | 'group', name: string, operations: readonly KafkaOperation[]): KafkaAcl => ({
  resource: { type, name, patternType: 'literal' },
  operations,
});
