import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rules 56 and 58, the copies; apart from `stream-durable`, since a queue may be declared best effort. */
export const streamReplicated = kindPolicy(
  {
    id: 'stream-replicated',
    rules: [56, 58],
    source: 'NATS documentation (JetStream clustering)',
    reason:
      'with one copy the server that dies takes acknowledged work with it; two and four copies survive no more than one and three',
  },
  ['Stream'],
  (manifest) => {
    const { replicas } = specOf<{ replicas: number }>(manifest);
    return [replicas !== 3 && replicas !== 5 && `replicas is ${replicas ?? 'not stated'}, expected 3 or 5`];
  },
);
