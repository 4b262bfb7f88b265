import { Duration } from '@penstock/model';
import type { AlertProps } from '../../monitoring/alert.ts';
import { RABBITMQ_DISK_LIMITS } from '../../monitoring/limits.ts';
import { RABBITMQ_METRICS, series } from '../../monitoring/promql.ts';
import { serverMissing } from '../../monitoring/server-missing.ts';
import type { RabbitMqService } from '../rabbitmq-service.ts';

const BLOCKED_HOLDS = Duration.parse('1 minute');
const DISK_HOLDS = Duration.parse('15 minutes');

/** One node that is full stops the publishers of all. */
export function rabbitMqAlertRules({ name, namespace, nodes }: RabbitMqService, job: string): readonly AlertProps[] {
  const of = { job, namespace };
  const labels = { namespace, job };
  const blocked = (alarm: 'memory' | 'disk', metric: string): AlertProps => ({
    name: 'PenstockRabbitMqBlocked',
    expr: `max(${series(metric, of)}) > 0`,
    holds: BLOCKED_HOLDS,
    severity: 'page',
    labels: { ...labels, alarm },
    summary: `RabbitMQ ${name}: publishers are stopped, a node is short of ${alarm}`,
    description: `A node of ${name} has raised its ${alarm} alarm: no publisher of the whole cluster gets through until it is gone.`,
  });
  return [
    serverMissing({
      title: `RabbitMQ ${name}`,
      job,
      namespace,
      servers: nodes,
      consequence: 'one fewer than a majority and every queue stands still',
    }),
    blocked('memory', RABBITMQ_METRICS.memoryAlarm),
    blocked('disk', RABBITMQ_METRICS.diskAlarm),
    {
      name: 'PenstockRabbitMqDiskFilling',
      expr: `min(${series(RABBITMQ_METRICS.diskFree, of)} / ${series(RABBITMQ_METRICS.diskLimit, of)}) < ${RABBITMQ_DISK_LIMITS}`,
      holds: DISK_HOLDS,
      severity: 'ticket',
      labels,
      summary: `RabbitMQ ${name}: a disk is filling`,
      description: `A node of ${name} has {{ $value | humanize }} times the free disk at which publishers are stopped.`,
    },
    {
      name: 'PenstockRabbitMqUnroutable',
      expr: `sum(increase(${series(RABBITMQ_METRICS.unroutable, of)}[10m])) > 0`,
      severity: 'ticket',
      labels,
      summary: `RabbitMQ ${name}: messages are dropped since no queue takes them`,
      description: `{{ $value | humanize }} messages were confirmed and dropped within ten minutes: their publisher does not ask for them back (mandatory), and nothing is bound.`,
    },
  ];
}
