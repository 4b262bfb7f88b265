import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import type { KafkaSpec, Listener } from '../strimzi.ts';

/** Rule 54, the cluster's part. */
export const kafkaAccess = kindPolicy(
  {
    id: 'kafka-access',
    rules: [54],
    source: 'Strimzi documentation (listeners, authorization); common practice',
    reason: 'who reaches the port reads every topic, and a misspelt topic comes into being with one copy',
  },
  ['Kafka'],
  (manifest) => {
    const { listeners = [], authorization, config = {} } = specOf<KafkaSpec>(manifest).kafka ?? {};
    return [
      listeners.length === 0 && 'has no listener',
      ...listeners.flatMap(({ name, tls, authentication, networkPolicyPeers = [] }) => [
        tls !== true && `listener ${name} is not encrypted`,
        authentication?.type === undefined && `listener ${name} asks nobody who they are`,
        (networkPolicyPeers.length === 0 || networkPolicyPeers.some(isEveryone)) &&
          `listener ${name} is open to every pod (networkPolicyPeers)`,
      ]),
      authorization?.type === undefined && 'has no authorization: whoever is known may do everything',
      String(config['auto.create.topics.enable']) !== 'false' && 'auto.create.topics.enable is not false',
    ];
  },
);

type Peer = NonNullable<Listener['networkPolicyPeers']>[number];

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: NonNullable<Peer['namespaceSelector']>): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;

/** No peer at all, or one that selects every namespace. */
const isEveryone = ({ namespaceSelector, podSelector, ipBlock }: Peer): boolean =>
  ipBlock === undefined &&
  (namespaceSelector === undefined ? podSelector === undefined || isEmpty(podSelector) : isEmpty(namespaceSelector));
