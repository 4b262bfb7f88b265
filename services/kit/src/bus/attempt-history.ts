import type { AttemptRecord } from './port.ts';

export const LONGEST_HISTORY = 16;
const LONGEST_REASON = 1_000;

/** The history with one more failure, bounded. */
export const withFailure = (history: readonly AttemptRecord[], record: AttemptRecord): readonly AttemptRecord[] =>
  [...history, { ...record, reason: record.reason.slice(0, LONGEST_REASON) }].slice(-LONGEST_HISTORY);
