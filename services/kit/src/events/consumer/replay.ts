import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, LogRecord, OutgoingRecord, PartitionBounds } from '../log/port.ts';
import { redrivenRecord } from './given-up.ts';

export interface ReplayOptions {
  readonly log: Log;
  readonly topic: string;
  /** Where they go, e.g. a retry topic of the consumer that needs them again: nobody else sees them. */
  readonly to: string;
  /** Milliseconds since the epoch; records from then on. @default - the oldest there is */
  readonly since?: number;
  /** Milliseconds since the epoch; records before then. @default - all that are there when it begins */
  readonly until?: number;
  /** @default - all keys */
  readonly keys?: ReadonlySet<string>;
  /** Records a second at most. @default 100 */
  readonly perSecond?: number;
  /** Counts, and sends nothing. @default false */
  readonly isRehearsal?: boolean;
  readonly signal?: AbortSignal;
}

export interface Replay {
  readonly looked: number;
  /** Sent, or to be sent. */
  readonly chosen: number;
}

const PER_SECOND = 100;
const PAGE = 500;
/** So that a limit of a few records a second is one. */
const SENDS_PER_SECOND = 10;

/**
 * Sends what a topic holds to another one once more, partition by partition in its order, each record under its key and
 * with its origin: an inbox that has it still says so.
 *
 * @throws {KitError} `topic-missing`, as `Log.produce`
 */
export async function replayRecords(options: ReplayOptions): Promise<Replay> {
  const { log, topic, to } = options;
  // What is there now: where `to` is the topic itself, it would never end.
  const bounds = await log.bounds(topic);
  await log.bounds(to);
  const counts = { looked: 0, chosen: 0 };
  for (const bound of bounds) await replayPartition(options, bound, counts);
  return counts;
}

async function replayPartition(
  options: ReplayOptions,
  { partition, first, end }: PartitionBounds,
  counts: { looked: number; chosen: number },
): Promise<void> {
  const { log, topic, to, perSecond = PER_SECOND, isRehearsal = false, signal } = options;
  for (let from = first; from < end && signal?.aborted !== true; ) {
    const { records, next } = await log.read(topic, partition, from, { limit: PAGE });
    if (next === from) return;
    from = next;
    const there = records.filter(({ offset }) => offset < end);
    const chosen = there.filter((record) => isChosen(record, options));
    counts.looked += there.length;
    counts.chosen += chosen.length;
    if (!isRehearsal)
      await paced(
        log,
        chosen.map((record) => redrivenRecord(record, to)),
        perSecond,
        signal,
      );
  }
}

const isChosen = ({ key, timestamp }: LogRecord, { since, until, keys }: ReplayOptions): boolean =>
  (since === undefined || timestamp >= since) &&
  (until === undefined || timestamp < until) &&
  (keys === undefined || (key !== undefined && keys.has(key)));

/** @param perSecond at most, over any second */
export async function paced(
  log: Log,
  records: readonly OutgoingRecord[],
  perSecond: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const size = Math.max(1, Math.floor(perSecond / SENDS_PER_SECOND));
  for (let at = 0; at < records.length && signal?.aborted !== true; at += size) {
    const some = records.slice(at, at + size);
    await log.produce(some);
    await sleep((1_000 * some.length) / perSecond, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}
