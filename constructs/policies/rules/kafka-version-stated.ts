import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { isStrimzi, type KafkaSpec } from '../strimzi.ts';

/** Rule 51, the version. */
export const kafkaVersionStated = kindPolicy(
  {
    id: 'kafka-version-stated',
    rules: [51],
    source: 'Strimzi documentation (upgrading Kafka)',
    reason: 'the next release of the operator brings a Kafka of its own, and a newer metadata version has no way back',
  },
  ['Kafka'],
  (manifest) => {
    if (!isStrimzi(manifest)) return [];
    const { version, metadataVersion } = specOf<KafkaSpec>(manifest).kafka ?? {};
    return [
      version === undefined && 'does not state version',
      metadataVersion === undefined && 'does not state metadataVersion',
    ];
  },
);
