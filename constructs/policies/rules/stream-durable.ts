import { goDurationMs } from '../go-duration.ts';
import { specOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

interface StreamSpec {
  readonly storage: string;
  readonly replicas: number;
  readonly maxAge: string;
  readonly maxBytes: number;
  readonly discard: string;
  readonly duplicateWindow: string;
}

const SHORTEST_DUPLICATE_WINDOW_MS = 120_000;

/** Rules 56 and 58. */
export const streamDurable: Policy = {
  id: 'stream-durable',
  reason:
    'the defaults of the operator are memory, one replica and no bound: a restart loses the work, a backlog fills the disk of all',
  check(manifest) {
    if (manifest.kind !== 'Stream') return [];
    const { storage, replicas, maxAge, maxBytes, discard, duplicateWindow } = specOf<StreamSpec>(manifest);
    const window = goDurationMs(duplicateWindow);
    return [
      ...(storage === 'file' ? [] : [`storage is ${storage ?? 'memory, the default'}, expected file`]),
      ...(replicas === 1 || replicas === 3 || replicas === 5
        ? []
        : [`replicas is ${replicas ?? 'not stated'}, expected 3 or 5 (1 where a loss is accepted)`]),
      ...(goDurationMs(maxAge) === undefined ? ['states no maxAge'] : []),
      ...(maxBytes === undefined || maxBytes <= 0 ? ['states no maxBytes'] : []),
      ...(discard === undefined ? ['does not state what it discards when full'] : []),
      ...(window === undefined || window < SHORTEST_DUPLICATE_WINDOW_MS
        ? [`duplicateWindow is ${duplicateWindow ?? 'not stated'}, expected at least 2m`]
        : []),
    ];
  },
};
