import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { type KafkaSpec, nodesOf, poolsOf } from '../strimzi.ts';

const FACTORS: readonly string[] = [
  'default.replication.factor',
  'offsets.topic.replication.factor',
  'transaction.state.log.replication.factor',
];
const MINIMA: readonly (readonly [minimum: string, of: string])[] = [
  ['min.insync.replicas', 'default.replication.factor'],
  ['transaction.state.log.min.isr', 'transaction.state.log.replication.factor'],
];
/** What the author of the cluster promised. */
const DURABILITY = 'penstock.dev/durability';
const COPIES = 3;
const IN_SYNC = 2;

/** Rule 52, and that the brokers there are can hold the copies. */
export const kafkaReplication = kindPolicy(
  {
    id: 'kafka-replication',
    rules: [52],
    source: 'Strimzi documentation (broker configuration)',
    reads: ['KafkaNodePool'],
    reason: 'what is not stated falls back to one copy: the broker that dies takes acknowledged records with it',
  },
  ['Kafka'],
  (manifest, all) => {
    const config = specOf<KafkaSpec>(manifest).kafka?.config ?? {};
    const brokers = nodesOf(poolsOf(manifest, all), 'broker');
    const number = (key: string): number | undefined => (config[key] === undefined ? undefined : Number(config[key]));
    const promise = manifest.metadata.annotations?.[DURABILITY];
    return [
      String(config['unclean.leader.election.enable']) === 'true' &&
        'unclean.leader.election.enable is true: a copy that lags may lead, and what it lacks is gone',
      promise === 'fsync' &&
        number('log.flush.interval.messages') !== 1 &&
        'promises fsync, and log.flush.interval.messages is not 1',
      ...FACTORS.flatMap((key) => {
        const value = number(key);
        return [
          (value ?? 0) < COPIES && `${key} is ${value ?? 'not stated'}, expected ${COPIES}`,
          value !== undefined && brokers > 0 && value > brokers && `${key} is ${value} on ${brokers} brokers`,
        ];
      }),
      ...MINIMA.flatMap(([key, of]) => {
        const value = number(key);
        const copies = number(of);
        return [
          (value ?? 0) < IN_SYNC && `${key} is ${value ?? 'not stated'}, expected ${IN_SYNC}`,
          value !== undefined &&
            copies !== undefined &&
            value >= copies &&
            `${key} ${value} of ${copies} copies: one broker that restarts stops all writers`,
        ];
      }),
    ];
  },
);
