import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 56. */
export const streamKept = kindPolicy(
  {
    id: 'stream-kept',
    rules: [56],
    source: 'NACK documentation (preventDelete)',
    reason: 'a manifest that is deleted by mistake deletes the stream, and with it all work that waits',
  },
  ['Stream', 'Consumer'],
  (manifest) => [specOf<{ preventDelete: boolean }>(manifest).preventDelete !== true && 'preventDelete is not true'],
);
