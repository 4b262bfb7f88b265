import { Duration, type Topology } from '@penstock/model';
import { RABBITMQ_DISK_LIMITS } from '../../monitoring/limits.ts';
import type { AlarmSpec, WatchedService } from '../alarm.ts';
import { measured, ofExpression, type Signal } from '../alarm-signal.ts';
import { longestStart } from './promise.ts';

const BLOCKED_HOLDS = Duration.parse('1 minute');
const DISK_HOLDS = Duration.parse('15 minutes');

export interface WatchedRabbitMq {
  /** Name of the broker. */
  readonly name: string;
  readonly topology: Topology;
}

/** RabbitMQ on Amazon MQ: one node that is full stops the publishers of all. Queues are watched by their workers. */
export function rabbitMqAlarms({ name, topology }: WatchedRabbitMq): WatchedService {
  const of = { Broker: name };
  const startFor = longestStart(topology);
  const memory = ofExpression('used / most', {
    used: measured('memoryUsed', of, 'Maximum'),
    most: measured('memoryLimit', of, 'Minimum'),
  });
  const disk = ofExpression('free / least', {
    free: measured('diskFree', of, 'Minimum'),
    least: measured('diskLimit', of, 'Maximum'),
  });
  const blocked = (short: 'memory' | 'disk', signal: Signal, limit: AlarmSpec['limit']): AlarmSpec => ({
    name: 'PenstockRabbitMqBlocked',
    subject: `${name}-${short}`,
    severity: 'page',
    signal,
    limit,
    holds: BLOCKED_HOLDS,
    missing: 'ignore',
    description: `A node of RabbitMQ ${name} is short of ${short}: no publisher of the whole cluster gets through until it is not.`,
  });
  return {
    id: 'rabbitmq',
    title: `RabbitMQ ${name}`,
    alarms: [
      blocked('memory', memory, { above: 1 }),
      blocked('disk', disk, { below: 1 }),
      {
        name: 'PenstockRabbitMqDiskFilling',
        subject: name,
        severity: 'ticket',
        signal: disk,
        limit: { below: RABBITMQ_DISK_LIMITS },
        holds: DISK_HOLDS,
        missing: 'ignore',
        description: `A node of RabbitMQ ${name} has less than ${RABBITMQ_DISK_LIMITS} times the free disk at which publishers are stopped.`,
      },
      ...(startFor === undefined ? [] : [notStarted(name, startFor)]),
    ],
  };
}

const notStarted = (name: string, startFor: Duration): AlarmSpec => ({
  name: 'PenstockWorkerNotStarted',
  subject: name,
  severity: 'page',
  signal: ofExpression('IF(ready > 0 AND consumers == 0, 1, 0)', {
    ready: measured('messagesReady', { Broker: name }, 'Maximum'),
    consumers: measured('consumers', { Broker: name }, 'Maximum'),
  }),
  limit: { atLeast: 1 },
  holds: startFor,
  missing: 'notBreaching',
  follows: true,
  description: `Messages wait on RabbitMQ ${name} and nobody has consumed any for ${startFor}: the scaler does not see them, or pods do not start.`,
});
