import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a Strimzi KafkaTopic that we emit. What is left out is the broker's default, so nothing that matters is. */
export interface KafkaTopicSpec {
  readonly topicName: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: {
    readonly 'cleanup.policy': 'delete';
    readonly 'min.insync.replicas': number;
    readonly 'retention.ms': number;
    readonly 'unclean.leader.election.enable': false;
  };
}

export function kafkaTopic(
  scope: Construct,
  id: string,
  props: CustomResourceProps<KafkaTopicSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'kafka.strimzi.io/v1', kind: 'KafkaTopic', ...props }, override);
}
