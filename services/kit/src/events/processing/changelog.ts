import { KitError } from '../../errors.ts';
import type { Log, OutgoingRecord } from '../log/port.ts';
import type { Progress, StateChange, StateStore } from './state-store.ts';

// What a state goes through, kept in a compacted topic: the value of each key that a batch changed, and how far it came.
// A batch is one transaction of the log, by whose id its owner fences off the one before it: so all of it is there, or
// nothing.

/** No key of a state begins like this. */
const PROGRESS = '\u0001progress';
const PAGE = 1_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Where the changelog of one partition lies. */
export interface ChangelogPlace {
  readonly topic: string;
  readonly partition: number;
}

export function changeRecords(
  place: ChangelogPlace,
  progress: Progress,
  changes: readonly StateChange[],
): readonly OutgoingRecord[] {
  const recordOf = (key: string, text: string | null): OutgoingRecord => ({
    ...place,
    key,
    value: text === null ? null : encoder.encode(text),
  });
  return [...changes.map(({ key, after }) => recordOf(key, after)), recordOf(PROGRESS, JSON.stringify(progress))];
}

/**
 * Brings a file to where the changelog is: a new one from its beginning, another from where it was.
 *
 * @throws {KitError} as `Log.read`; `storage-corrupt` for records that are not a changelog's
 */
export async function catchUp(log: Log, { topic, partition }: ChangelogPlace, store: StateStore): Promise<Progress> {
  const bounds = (await log.bounds(topic)).find((found) => found.partition === partition);
  const kept = store.kept;
  let progress = kept?.progress;
  let next = Math.max(kept?.changelogEnd ?? 0, bounds?.first ?? 0);
  const end = bounds?.end ?? 0;
  store.begin();
  try {
    // Of another release, or of another log than the one that is there now.
    if (kept === undefined || kept.changelogEnd > end) {
      store.clear();
      progress = undefined;
      next = bounds?.first ?? 0;
    }
    while (next < end) {
      const slice = await log.read(topic, partition, next, { limit: PAGE });
      for (const { key, value } of slice.records) {
        if (key === undefined) continue;
        if (key === PROGRESS) progress = progressOf(topic, value);
        else store.set(key, value === null ? null : decoder.decode(value));
      }
      if (slice.next === next) break;
      next = slice.next;
    }
    const reached = progress ?? { offsets: [], times: [], horizon: -1 };
    store.commit({ progress: reached, changelogEnd: next });
    return reached;
  } catch (error) {
    store.rollback();
    throw error;
  }
}

function progressOf(topic: string, value: Uint8Array | null): Progress {
  try {
    return JSON.parse(decoder.decode(value ?? new Uint8Array())) as Progress;
  } catch (cause) {
    throw new KitError('storage-corrupt', `${topic} is no changelog`, {
      cause,
      repair: 'give the changelog a topic of its own',
    });
  }
}
