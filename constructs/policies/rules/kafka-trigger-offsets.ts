import { kindPolicy } from '../policy.ts';
import { triggersOf } from '../scaler.ts';

/** A host of a StatefulSet, and no other behind a comma. */
const ONE_BROKER = /^[^,]*-\d+\.[^,]*$/;

/** Rule 44: what KEDA makes of offsets that are not there. */
export const kafkaTriggerOffsets = kindPolicy(
  {
    id: 'kafka-trigger-offsets',
    rules: [44],
    source: 'KEDA, source of the kafka scaler',
    reason: 'a lag that is read from offsets that are not there is none, or every event there ever was',
  },
  ['ScaledObject', 'ScaledJob'],
  (manifest) =>
    triggersOf(manifest)
      .filter(({ type }) => type === 'kafka')
      .flatMap(({ metadata = {} }) => [
        (metadata['version'] ?? '') === '' &&
          'a Kafka trigger states no version: KEDA speaks 1.0.0, which Kafka 4 no longer does',
        (metadata['offsetResetPolicy'] ?? '') === '' &&
          'a Kafka trigger states no offsetResetPolicy, expected what its consumers do themselves',
        metadata['scaleToZeroOnInvalidOffset'] === 'true' &&
          'a group that has committed nothing sleeps over its first events: scaleToZeroOnInvalidOffset',
        ONE_BROKER.test(metadata['bootstrapServers'] ?? '') &&
          `asks ${metadata['bootstrapServers']} alone, which is away whenever it is replaced`,
      ]),
);
