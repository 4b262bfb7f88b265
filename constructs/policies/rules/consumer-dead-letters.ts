import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
}

const ADVISORY = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.';
const DEAD = /(_|-)(DEAD|DLQ)$/i;

/** Rule 57, for dead letters: by the server's advisory, or by a stream that the worker writes to itself. */
export const consumerDeadLetters = kindPolicy(
  {
    id: 'consumer-dead-letters',
    rules: [57],
    source: 'NATS documentation (JetStream consumers, advisories)',
    reads: ['Stream'],
    reason: 'an item that has used its deliveries up stays in its stream, given to nobody and missed by nobody',
  },
  ['Consumer'],
  (manifest, all) => {
    const { streamName = '' } = specOf<{ streamName: string }>(manifest);
    const streams = all
      .filter(({ kind, metadata }) => kind === 'Stream' && metadata.namespace === manifest.metadata.namespace)
      .map((stream) => specOf<StreamSpec>(stream));
    // Where the stream itself is not ours to see, neither are its dead letters.
    const isOurs = streams.some(({ name }) => name === streamName);
    if (!isOurs || DEAD.test(streamName)) return [];
    const kept = streams.some(
      ({ name = '', subjects = [] }) =>
        (name.startsWith(streamName) && DEAD.test(name)) ||
        subjects.some(
          (subject) =>
            [`${ADVISORY}>`, `${ADVISORY}*.*`].includes(subject) || subject.startsWith(`${ADVISORY}${streamName}.`),
        ),
    );
    return [!kept && `no stream keeps the dead letters of ${streamName}`];
  },
);
