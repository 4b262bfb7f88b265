import { goDurationMs } from '../go-duration.ts';
import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 56, the age; apart from `stream-durable`, since dead letters have none. */
export const streamAged = kindPolicy(
  {
    id: 'stream-aged',
    rules: [56],
    source: 'NATS documentation (JetStream streams)',
    reason: 'what nobody takes stays until the stream is full and refuses what somebody would take',
  },
  ['Stream'],
  (manifest) => [goDurationMs(specOf<{ maxAge: string }>(manifest).maxAge) === undefined && 'states no maxAge'],
);
