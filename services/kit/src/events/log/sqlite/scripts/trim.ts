import { rows, type Script } from '../../../../sql/script.ts';
import { PARTITION_SPAN } from '../schema.ts';

/** Records looked at in one transaction: nobody waits long for it. */
const CHUNK = 1_000;
/** A tombstone stays so long, so that readers that are not far behind see it. */
const TOMBSTONE_MS = 24 * 3_600_000;

interface TrimmedPartition {
  readonly number: number;
  readonly first: number;
  readonly end: number;
  readonly compacted_to: number;
  readonly retention: number | null;
  readonly compacted: number;
}

/**
 * Takes away what retention and compaction let go, a little of each partition.
 *
 * @returns whether there may be more
 */
export function* trim(now: number): Script<boolean> {
  const partitions = yield* rows<TrimmedPartition>(
    `SELECT number, first_offset AS first, end_offset AS "end", compacted_to, retention_ms AS retention, compacted
     FROM log_partitions JOIN log_topics USING (topic) WHERE retention_ms IS NOT NULL OR compacted = 1`,
  );
  let isMore = false;
  for (const partition of partitions) {
    if (partition.compacted === 1) isMore = (yield* compact(partition, now)) || isMore;
    if (partition.retention !== null) isMore = (yield* expire(partition, now - partition.retention)) || isMore;
  }
  return isMore;
}

function* expire({ number, first, end }: TrimmedPartition, before: number): Script<boolean> {
  const base = number * PARTITION_SPAN;
  const oldest = yield* rows<{ readonly place: number; readonly at: number }>(
    'SELECT place, at FROM log_records WHERE place >= $1 AND place < $2 ORDER BY place LIMIT $3',
    [base + first, base + end, CHUNK],
  );
  const kept = oldest.find(({ at }) => at >= before);
  const newFirst = kept?.place ?? (oldest.length < CHUNK ? base + end : (oldest.at(-1)?.place as number) + 1);
  if (newFirst === base + first) return false;
  yield* rows('DELETE FROM log_records WHERE place >= $1 AND place < $2', [base + first, newFirst]);
  yield* rows('UPDATE log_partitions SET first_offset = $2 WHERE number = $1', [number, newFirst - base]);
  return kept === undefined && oldest.length === CHUNK;
}

function* compact({ number, end, compacted_to: from }: TrimmedPartition, now: number): Script<boolean> {
  const base = number * PARTITION_SPAN;
  yield* rows(
    `DELETE FROM log_records WHERE compact_key IS NOT NULL AND value IS NULL AND at < $3
       AND place >= $1 AND place < $2`,
    [base, base + from, now - TOMBSTONE_MS],
  );
  const fresh = yield* rows<{ readonly place: number; readonly key: string }>(
    `SELECT place, compact_key AS key FROM log_records WHERE place >= $1 AND place < $2 AND compact_key IS NOT NULL
     ORDER BY place LIMIT $3`,
    [base + from, base + end, CHUNK],
  );
  for (const { place, key } of fresh)
    yield* rows('DELETE FROM log_records WHERE compact_key = $1 AND place >= $2 AND place < $3', [key, base, place]);
  const to = fresh.length < CHUNK ? end : (fresh.at(-1)?.place as number) - base + 1;
  if (to !== from) yield* rows('UPDATE log_partitions SET compacted_to = $2 WHERE number = $1', [number, to]);
  return fresh.length === CHUNK;
}
