import { kindPolicy } from '../policy.ts';
import { nodesOf, poolsOf } from '../strimzi.ts';

const FEWEST_BROKERS = 3;

/** Rule 51. */
export const kafkaQuorum = kindPolicy(
  {
    id: 'kafka-quorum',
    rules: [51],
    source: 'Strimzi documentation (KRaft)',
    reads: ['KafkaNodePool'],
    reason: 'a quorum of two stops with one node, and a controller that is a broker too stops when the broker is busy',
  },
  ['Kafka'],
  (manifest, all) => {
    const pools = poolsOf(manifest, all);
    const controllers = nodesOf(pools, 'controller');
    const brokers = nodesOf(pools, 'broker');
    return [
      manifest.apiVersion !== 'kafka.strimzi.io/v1' &&
        `apiVersion is ${manifest.apiVersion}, expected kafka.strimzi.io/v1`,
      pools.some(({ roles }) => roles?.includes('broker') && roles.includes('controller')) &&
        'has a pool whose nodes are brokers and controllers, expected pools of their own',
      controllers !== 3 && controllers !== 5 && `has ${controllers} controllers, expected 3 or 5`,
      brokers < FEWEST_BROKERS && `has ${brokers} brokers, expected at least ${FEWEST_BROKERS}`,
    ];
  },
);
