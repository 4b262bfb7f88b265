import { lookup } from '../lookup.ts';
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
    const { namespace } = manifest.metadata;
    // Where the stream itself is not ours to see, neither are its dead letters.
    const isOurs = byName(all, `${namespace}/${streamName}`).length > 0;
    if (!isOurs || DEAD.test(streamName)) return [];
    const keepers = [streamName, '*', '>'].flatMap((kept) => byKept(all, `${namespace}/${kept}`));
    return [keepers.length === 0 && `no stream keeps the dead letters of ${streamName}`];
  },
);

const byName = lookup((stream) => [`${stream.metadata.namespace}/${specOf<StreamSpec>(stream).name}`]);

/** Streams by whose dead letters they keep: of the stream they are named after, or of those whose advisories they take. */
const byKept = lookup((stream) => {
  const { name = '', subjects = [] } = specOf<StreamSpec>(stream);
  const advised = subjects.flatMap((subject) =>
    subject.startsWith(ADVISORY) ? [subject.slice(ADVISORY.length).split('.')[0]] : [],
  );
  const kept = DEAD.test(name) ? [name.replace(DEAD, ''), ...advised] : advised;
  return kept.map((each) => `${stream.metadata.namespace}/${each}`);
});
