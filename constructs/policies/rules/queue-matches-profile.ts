import { goDurationMs } from '../go-duration.ts';
import { lookup } from '../lookup.ts';
import { type Manifest, specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { queueOf } from '../profile.ts';
import { scalersOf } from '../scaler.ts';

interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly retention: string;
  readonly maxAge: string;
  readonly maxMsgSize: number;
  readonly duplicateWindow: string;
}

interface ConsumerSpec {
  readonly streamName: string;
  readonly durableName: string;
  readonly filterSubject: string;
  readonly ackWait: string;
  readonly maxDeliver: number;
  readonly maxAckPending: number;
}

/** Rules 57 and 58: the stream and the consumer are what the worker was told that they are. */
export const queueMatchesProfile = kindPolicy(
  {
    id: 'queue-matches-profile',
    rules: [57, 58],
    source: 'NATS documentation (JetStream consumers, streams)',
    reads: ['Stream', 'Consumer', 'ScaledObject', 'HorizontalPodAutoscaler'],
    reason: 'a worker that renews a lease by another number than the server has loses it while it works',
  },
  ['Deployment', 'StatefulSet', 'Job', 'CronJob', 'ScaledJob'],
  (manifest, all) => {
    const queue = queueOf(manifest);
    const stream = streamOf(queue?.stream, all);
    // Streams that are not among the manifests are somebody else's.
    if (queue === undefined || stream === undefined) return [];
    const [consumer] = byConsumer(all, `${queue.stream} ${queue.consumer}`).map((each) => specOf<ConsumerSpec>(each));
    const deadLetters = streamOf(queue.deadLetterStream, all);
    const differs = (what: string, is: unknown, expected: unknown) =>
      expected !== undefined &&
      is !== expected &&
      `${what} is ${is ?? 'not stated'}, and the worker runs by ${expected}`;
    const scalers = manifest.kind === 'ScaledJob' ? [manifest] : scalersOf(manifest, all);
    const busy = Math.max(0, ...scalers.map(mostReplicas)) * queue.prefetch;
    return [
      differs('retention of its stream', stream.retention, 'workqueue'),
      !(stream.subjects ?? []).includes(queue.subject ?? '') && `its stream does not take ${queue.subject}`,
      differs('maxAge of its stream', goDurationMs(stream.maxAge), queue.retentionMs),
      differs('duplicateWindow of its stream', goDurationMs(stream.duplicateWindow), queue.duplicateWindowMs),
      (stream.maxMsgSize ?? 0) < (queue.maxItemBytes ?? 0) &&
        `maxMsgSize of its stream is ${stream.maxMsgSize ?? 'not stated'}, less than an item of ${queue.maxItemBytes} bytes`,
      deadLetters?.subjects?.some((each) => each.startsWith(`${queue.deadLetterSubject}.`)) !== true &&
        `its dead letters have no stream ${queue.deadLetterStream} that takes ${queue.deadLetterSubject}.>`,
      consumer === undefined && `no Consumer ${queue.consumer} of ${queue.stream}`,
      ...(consumer === undefined
        ? []
        : [
            differs('filterSubject of its consumer', consumer.filterSubject, queue.subject),
            differs('ackWait of its consumer', goDurationMs(consumer.ackWait), queue.ackWaitMs),
            differs('maxAckPending of its consumer', consumer.maxAckPending, queue.maxAckPending),
            (consumer.maxDeliver ?? 0) < (queue.maxAttempts ?? 0) &&
              `maxDeliver of its consumer is ${consumer.maxDeliver ?? 'not stated'}, less than ${queue.maxAttempts} attempts`,
            busy > (consumer.maxAckPending ?? 0) &&
              `all replicas together take ${busy} items, and maxAckPending lets ${consumer.maxAckPending} out`,
          ]),
    ];
  },
);

const byStream = lookup((each) => (each.kind === 'Stream' ? [specOf<StreamSpec>(each).name ?? ''] : []));

const byConsumer = lookup((each) => {
  const { streamName, durableName } = specOf<ConsumerSpec>(each);
  return each.kind === 'Consumer' ? [`${streamName} ${durableName}`] : [];
});

const streamOf = (name: string | undefined, all: readonly Manifest[]): Partial<StreamSpec> | undefined =>
  byStream(all, name ?? '')
    .map((each) => specOf<StreamSpec>(each))
    .at(0);

const mostReplicas = (scaler: Manifest): number => specOf<{ maxReplicaCount: number }>(scaler).maxReplicaCount ?? 0;
