import { goDurationMs } from '../go-duration.ts';
import { type Manifest, specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { queueOf } from '../profile.ts';
import { scales } from '../scaler.ts';

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
  ['Deployment', 'StatefulSet', 'Job', 'CronJob'],
  (manifest, all) => {
    const queue = queueOf(manifest);
    const streams = all.filter(({ kind }) => kind === 'Stream').map((each) => specOf<StreamSpec>(each));
    const stream = streams.find(({ name }) => name === queue?.stream);
    // Streams that are not among the manifests are somebody else's.
    if (queue === undefined || stream === undefined) return [];
    const consumer = all
      .filter(({ kind }) => kind === 'Consumer')
      .map((each) => specOf<ConsumerSpec>(each))
      .find(({ streamName, durableName }) => streamName === queue.stream && durableName === queue.consumer);
    const differs = (what: string, is: unknown, expected: unknown) =>
      expected !== undefined &&
      is !== expected &&
      `${what} is ${is ?? 'not stated'}, and the worker runs by ${expected}`;
    const busy = Math.max(0, ...all.filter((each) => scales(each, manifest)).map(mostReplicas)) * queue.prefetch;
    return [
      differs('retention of its stream', stream.retention, 'workqueue'),
      !(stream.subjects ?? []).includes(queue.subject ?? '') && `its stream does not take ${queue.subject}`,
      differs('maxAge of its stream', goDurationMs(stream.maxAge), queue.retentionMs),
      differs('duplicateWindow of its stream', goDurationMs(stream.duplicateWindow), queue.duplicateWindowMs),
      (stream.maxMsgSize ?? 0) < (queue.maxItemBytes ?? 0) &&
        `maxMsgSize of its stream is ${stream.maxMsgSize ?? 'not stated'}, less than an item of ${queue.maxItemBytes} bytes`,
      !streams.some(
        ({ name, subjects = [] }) =>
          name === queue.deadLetterStream && subjects.some((each) => each.startsWith(`${queue.deadLetterSubject}.`)),
      ) && `its dead letters have no stream ${queue.deadLetterStream} that takes ${queue.deadLetterSubject}.>`,
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

const mostReplicas = (scaler: Manifest): number => specOf<{ maxReplicaCount: number }>(scaler).maxReplicaCount ?? 0;
