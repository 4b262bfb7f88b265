import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import type { KafkaUserSpec } from './kafka-user-least.ts';

const DEAD_LETTERS = /(^|[-._])(dead|dlq|dlt|dead-?letters?)($|[-._])/i;

/** Rule 55, for dead letters: who reads in a group can write to a topic of them. */
export const kafkaDeadLetters = kindPolicy(
  {
    id: 'kafka-dead-letters',
    rules: [55],
    source: 'Common practice of Kafka consumers',
    reason: 'a record that cannot be processed stops its partition for ever, or is skipped without a trace',
  },
  ['KafkaUser'],
  (manifest) => {
    const acls = specOf<KafkaUserSpec>(manifest).authorization?.acls ?? [];
    const has = (type: string, operation: string, name = /.*/) =>
      acls.some(
        ({ resource, operations }) =>
          resource?.type === type && operations?.includes(operation) === true && name.test(resource.name ?? ''),
      );
    const consumes = has('group', 'Read') && has('topic', 'Read');
    return [
      consumes && !has('topic', 'Write', DEAD_LETTERS) && 'reads in a group and may write to no topic of dead letters',
    ];
  },
);
