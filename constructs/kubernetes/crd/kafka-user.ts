import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { KafkaAuthentication } from './kafka.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a Strimzi KafkaUser that we emit. */
export interface KafkaUserSpec {
  readonly authentication: { readonly type: KafkaAuthentication };
  readonly authorization: { readonly type: 'simple'; readonly acls: readonly KafkaAcl[] };
  /** Bytes a second on each broker. */
  readonly quotas?: { readonly producerByteRate?: number; readonly consumerByteRate?: number };
}

export interface KafkaAcl {
  readonly resource: {
    readonly type: 'topic' | 'group' | 'transactionalId';
    readonly name: string;
    readonly patternType: 'literal' | 'prefix';
  };
  readonly operations: readonly KafkaOperation[];
}

export type KafkaOperation = 'Read' | 'Write' | 'Describe';

export function kafkaUser(
  scope: Construct,
  id: string,
  props: CustomResourceProps<KafkaUserSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'kafka.strimzi.io/v1', kind: 'KafkaUser', ...props }, override);
}
