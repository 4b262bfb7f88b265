import { goDurationMs } from '../go-duration.ts';
import { specOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

interface StreamSpec {
  readonly storage: string;
  readonly maxBytes: number;
  readonly discard: string;
  readonly duplicateWindow: string;
}

const SHORTEST_DUPLICATE_WINDOW_MS = 120_000;

/** Rules 56 and 58. */
export const streamDurable: Policy = {
  id: 'stream-durable',
  rules: [56, 58],
  source: 'NATS documentation (JetStream streams)',
  reason:
    'the defaults of the operator are memory and no bound: a restart loses the work, a backlog fills the disk of all',
  check(manifest) {
    if (manifest.kind !== 'Stream') return [];
    const { storage, maxBytes, discard, duplicateWindow } = specOf<StreamSpec>(manifest);
    const window = goDurationMs(duplicateWindow);
    return [
      ...(storage === 'file' ? [] : [`storage is ${storage ?? 'memory, the default'}, expected file`]),
      ...(maxBytes === undefined || maxBytes <= 0 ? ['states no maxBytes'] : []),
      ...(discard === undefined ? ['does not state what it discards when full'] : []),
      ...(window === undefined || window < SHORTEST_DUPLICATE_WINDOW_MS
        ? [`duplicateWindow is ${duplicateWindow ?? 'not stated'}, expected at least 2m`]
        : []),
    ];
  },
};
