import { kindPolicy } from '../policy.ts';
import { type Trigger, triggersOf } from '../scaler.ts';

/** Rule 45: a backlog is what waits and what is in work. */
export const scalerCountsInFlight = kindPolicy(
  {
    id: 'scaler-counts-in-flight',
    rules: [45],
    source: 'KEDA, source of the scalers',
    reason: 'a busy worker with nothing waiting looks idle, and is stopped in the middle of its work',
  },
  ['ScaledObject', 'ScaledJob'],
  (manifest) => {
    const triggers = triggersOf(manifest);
    return triggers.flatMap((trigger) => CHECKS[trigger.type ?? '']?.(trigger.metadata ?? {}, triggers) ?? []);
  },
);

type Metadata = NonNullable<Trigger['metadata']>;

const CHECKS: Readonly<Record<string, (metadata: Metadata, all: readonly Trigger[]) => readonly (string | false)[]>> = {
  rabbitmq: ({ protocol = 'auto', host = '', excludeUnacknowledged }) => [
    protocol !== 'http' &&
      !(protocol === 'auto' && /^https?:/.test(host)) &&
      'trigger rabbitmq: by AMQP only what is ready counts, expected protocol http',
    excludeUnacknowledged === 'true' && 'trigger rabbitmq: excludeUnacknowledged leaves out what is in work',
  ],
  kafka: ({ excludePersistentLag }) => [
    excludePersistentLag === 'true' &&
      'trigger kafka: excludePersistentLag leaves out an item that is in work for longer than one look',
  ],
  'redis-streams': ({ stream, consumerGroup }, all) => {
    if (consumerGroup === undefined) return [];
    const others = all.filter(
      (other) => other.metadata?.['stream'] === stream && other.metadata?.['consumerGroup'] === consumerGroup,
    );
    const states = (target: string): boolean => others.some((other) => other.metadata?.[target] !== undefined);
    return [
      !states('pendingEntriesCount') && 'trigger redis-streams: lagCount leaves out what is in work',
      !states('lagCount') && 'trigger redis-streams: pendingEntriesCount leaves out what waits',
    ];
  },
};
