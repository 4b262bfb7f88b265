import { kindPolicy } from '../policy.ts';
import { strimziPodsOf } from '../strimzi.ts';
import { podSecurityRestricted } from './pod-security-restricted.ts';
import { processUser } from './process-user.ts';
import { readOnlyRoot } from './read-only-root.ts';
import { resourcesStated } from './resources-stated.ts';

const OF_EVERY_POD = [podSecurityRestricted, processUser, readOnlyRoot, resourcesStated];

/** Rules 31, 32 and 37, for pods that no manifest shows: Strimzi makes them from templates. */
export const kafkaPods = kindPolicy(
  {
    id: 'kafka-pods',
    rules: [31, 32, 37],
    source: 'Strimzi documentation (template), Pod Security Standards 1.37',
    reason: 'what the template does not say follows the operator, whose own default is not the restricted standard',
  },
  ['Kafka', 'KafkaNodePool'],
  (manifest) =>
    strimziPodsOf(manifest).flatMap((spec) =>
      OF_EVERY_POD.flatMap(({ check }) =>
        check({ apiVersion: 'v1', kind: 'Pod', metadata: manifest.metadata, spec }, []),
      ),
    ),
);
