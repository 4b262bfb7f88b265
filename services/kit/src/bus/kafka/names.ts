import { type QueueProfile, topicConsumerNames } from '@penstock/model';

/** What a queue is on Kafka. */
export interface KafkaNames {
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
}

/**
 * A queue is a topic with one consumer: the subject is the topic, and group and dead-letter topic are named as those of
 * any consumer of a topic, so that infrastructure makes them with the construct it makes topics with. The names of
 * streams have no meaning here.
 */
export const namesOf = ({ subject, consumer }: QueueProfile): KafkaNames => ({
  topic: subject,
  ...topicConsumerNames(subject, consumer),
});
