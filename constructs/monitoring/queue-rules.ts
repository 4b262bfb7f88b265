import { type Bytes, Duration, queueAlerts, type ResolvedQueue, type ResolvedWorker } from '@penstock/model';
import type { AlertProps } from './alert.ts';
import { NATS_METRICS, rate, series, WORKER_METRICS } from './promql.ts';

const RATE_WINDOW = '5m';
/** Of the items that are not done: dead letters are none of the worker's any more. */
const OPEN = /ready|delayed|leased/;
/** Long enough for a quiet queue to have a mean. */
const WORK_WINDOW = '6h';
const WORK_HOLDS = Duration.parse('30 minutes');
/** Share of a stream's disk after which somebody has to look: a full stream refuses publishers. */
const STREAM_SHARE = 0.8;
const STREAM_HOLDS = Duration.parse('5 minutes');

export interface WatchedQueue {
  readonly namespace: string;
  readonly queue: ResolvedQueue;
  readonly worker: ResolvedWorker;
  /** NATS, where the queue is on it: its exporter speaks of the stream. @default - another broker */
  readonly broker?: {
    readonly namespace: string;
    /** Disk that each of the queue's streams may take. */
    readonly streamSize: Bytes;
  };
}

/** Items that are not done, as each replica reads them from the broker: the highest, since all read the same. */
export const lagOf = ({ namespace, queue }: Pick<WatchedQueue, 'namespace' | 'queue'>): string =>
  `max(sum by (pod) (${series(WORKER_METRICS.depth, { namespace, messaging_destination_name: queue.id, state: OPEN })}))`;

/** Items a second that left the queue, done or dead. */
export const throughputOf = ({ namespace, queue }: Pick<WatchedQueue, 'namespace' | 'queue'>): string => {
  const settled = { namespace, messaging_destination_name: queue.id, outcome: /done|dead-lettered/ };
  return `(sum(${rate(series(WORKER_METRICS.consumed, settled), RATE_WINDOW)}) or vector(0))`;
};

/** Age by Little's law: how long an item that arrives now will be there, and no bound when nothing leaves. */
export const ageOf = (watched: Pick<WatchedQueue, 'namespace' | 'queue'>): string =>
  `${lagOf(watched)} / ${throughputOf(watched)}`;

export function queueAlertRules(watched: WatchedQueue): readonly AlertProps[] {
  const { namespace, queue, worker, broker } = watched;
  const limits = queueAlerts(queue, worker);
  const of = { namespace, messaging_destination_name: queue.id };
  const labels = { namespace, queue: queue.id };
  const depth = series(WORKER_METRICS.depth, of);
  const attempt = (part: 'sum' | 'count'): string =>
    `sum(${rate(series(`${WORKER_METRICS.attempt}_${part}`, { ...of, outcome: 'done' }), WORK_WINDOW)})`;
  return [
    {
      name: 'PenstockQueueAge',
      expr: `${ageOf(watched)} > ${limits.ageLimit.inSeconds}`,
      holds: limits.lagFor,
      severity: 'page',
      labels,
      summary: `${queue.id}: what arrives now will be late`,
      description: `At the present throughput an item of ${queue.id} takes {{ $value | humanizeDuration }}; the promise is ${queue.doneWithin}.`,
    },
    {
      name: 'PenstockQueueLag',
      expr: `${lagOf(watched)} > ${limits.lagLimit}`,
      holds: limits.lagFor,
      severity: 'page',
      labels,
      summary: `${queue.id}: more work waits than all replicas can do in time`,
      description: `{{ $value }} items wait or are in work; ${worker.maxReplicas} replicas get through ${limits.lagLimit} within ${queue.doneWithin}.`,
    },
    {
      name: 'PenstockDeadLetters',
      expr: `max(${series(WORKER_METRICS.depth, { ...of, state: 'deadLettered' })}) > 0`,
      severity: 'ticket',
      labels,
      summary: `${queue.id}: items were given up`,
      description: `{{ $value }} items lie in the dead letters of ${queue.id} until a person looks at them.`,
    },
    ...(broker === undefined ? [] : [notStarted(watched, broker, limits.startFor)]),
    ...(worker.idle === 'keep-warm'
      ? [
          {
            name: 'PenstockWorkerUnwatched',
            expr: `absent(${depth})`,
            holds: limits.startFor,
            severity: 'page',
            labels,
            summary: `${queue.id}: no worker reports`,
            description: `${worker.id} keeps ${worker.minReplicas} replicas warm and none is scraped: all are down, or every other alert of this queue is blind.`,
          } as const,
        ]
      : []),
    {
      name: 'PenstockWorkSlow',
      expr: `${attempt('sum')} / ${attempt('count')} > ${worker.workTime.mean.inSeconds}`,
      holds: WORK_HOLDS,
      severity: 'ticket',
      labels,
      summary: `${queue.id}: one item takes longer than declared`,
      description: `An item takes {{ $value | humanizeDuration }} on average over ${WORK_WINDOW}; ${worker.workTime.mean} is declared, and every number of ${worker.id} follows from it.`,
    },
    ...(broker === undefined
      ? []
      : [queue.stream, queue.deadLetterStream].map((stream) => filling(watched, broker, stream))),
  ];
}

type StreamBroker = NonNullable<WatchedQueue['broker']>;

/** What only the broker can say: with no replica there is nobody else to report. */
function notStarted({ namespace, queue, worker }: WatchedQueue, broker: StreamBroker, startFor: Duration): AlertProps {
  const pending = series(NATS_METRICS.pending, {
    namespace: broker.namespace,
    stream_name: queue.stream,
    consumer_name: worker.consumer,
    is_consumer_leader: 'true',
  });
  const depth = series(WORKER_METRICS.depth, { namespace, messaging_destination_name: queue.id });
  return {
    name: 'PenstockWorkerNotStarted',
    expr: `(max(${pending}) > 0) unless on () (count(${depth}) > 0)`,
    holds: startFor,
    severity: 'page',
    labels: { namespace, queue: queue.id },
    summary: `${queue.id}: work waits and no worker runs`,
    description: `{{ $value }} items wait on the broker, and no replica of ${worker.id} has reported for ${startFor}: the scaler does not see the lag, or pods do not start.`,
  };
}

const filling = ({ namespace, queue }: WatchedQueue, broker: StreamBroker, stream: string): AlertProps => ({
  name: 'PenstockStreamFilling',
  expr: `max(${series(NATS_METRICS.streamBytes, { namespace: broker.namespace, stream_name: stream })}) > ${Math.floor(broker.streamSize.bytes * STREAM_SHARE)}`,
  holds: STREAM_HOLDS,
  severity: 'page',
  labels: { namespace, queue: queue.id, stream },
  summary: `${queue.id}: stream ${stream} is nearly full`,
  description: `{{ $value | humanize1024 }}B of ${broker.streamSize} are taken; a full stream refuses what is published to it.`,
});
