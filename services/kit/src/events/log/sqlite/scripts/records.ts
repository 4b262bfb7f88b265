import { row, rows, type Script } from '../../../../sql/script.ts';
import { offsetGone, topicMissing } from '../../faults.ts';
import type { Position } from '../../port.ts';
import { PARTITION_SPAN } from '../schema.ts';

/** A record as it crosses to the thread. */
export interface PlacedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly headers: string | null;
  readonly value: Uint8Array | null;
}

/** A record as it comes back. */
export interface FoundRecord {
  readonly offset: number;
  readonly at: number;
  readonly key: string | null;
  readonly headers: string | null;
  readonly value: Uint8Array | null;
}

export interface FoundSlice {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly FoundRecord[];
  readonly next: number;
}

/** After so many bytes of values a read ends, so that it fits into memory whatever the records are. */
const READ_BYTES = 4 * 2 ** 20;
/** Rows asked for at once. */
const CHUNK = 128;

interface PartitionRow {
  readonly number: number;
  readonly first: number;
  readonly end: number;
}

/**
 * Puts records behind those that are there, in the order given.
 *
 * @returns the offset of each
 * @throws {KitError} `topic-missing`
 */
export function* append(records: readonly PlacedRecord[], now: number): Script<readonly number[]> {
  const counts = new Map<string, { readonly record: PlacedRecord; count: number }>();
  for (const record of records) {
    const key = `${record.partition}:${record.topic}`;
    const counted = counts.get(key);
    if (counted === undefined) counts.set(key, { record, count: 1 });
    else counted.count += 1;
  }
  const next = new Map<string, { readonly base: number; offset: number; readonly compacted: boolean }>();
  for (const [key, { record, count }] of counts) {
    const taken = yield* row<{ readonly number: number; readonly end: number; readonly compacted: number }>(
      `UPDATE log_partitions SET end_offset = end_offset + $3 WHERE topic = $1 AND partition = $2
       RETURNING number, end_offset AS "end",
         (SELECT compacted FROM log_topics WHERE log_topics.topic = log_partitions.topic) AS compacted`,
      [record.topic, record.partition, count],
    );
    if (taken === undefined) throw topicMissing(record.topic);
    next.set(key, {
      base: taken.number * PARTITION_SPAN,
      offset: taken.end - count,
      compacted: taken.compacted === 1,
    });
  }
  const offsets: number[] = [];
  for (const { topic, partition, key, headers, value } of records) {
    const at = next.get(`${partition}:${topic}`) as {
      readonly base: number;
      offset: number;
      readonly compacted: boolean;
    };
    yield* rows(
      'INSERT INTO log_records (place, at, key, compact_key, headers, value) VALUES ($1, $2, $3, $4, $5, $6)',
      [at.base + at.offset, now, key, at.compacted ? key : null, headers, value],
    );
    offsets.push(at.offset);
    at.offset += 1;
  }
  return offsets;
}

/**
 * What lies from each position on, up to a number of records in all.
 *
 * @throws {KitError} `topic-missing`, `offset-gone`
 */
export function* read(positions: readonly Position[], limit: number): Script<readonly FoundSlice[]> {
  const slices: FoundSlice[] = [];
  let left = limit;
  let bytes = 0;
  for (const { topic, partition, offset } of positions) {
    const found = yield* row<PartitionRow>(
      `SELECT number, first_offset AS first, end_offset AS "end" FROM log_partitions
       WHERE topic = $1 AND partition = $2`,
      [topic, partition],
    );
    if (found === undefined) throw topicMissing(topic);
    if (offset < found.first) throw offsetGone(topic, partition, offset, found.first);
    const records: FoundRecord[] = [];
    let next = offset;
    while (left > 0 && bytes < READ_BYTES && next < found.end) {
      const asked = Math.min(CHUNK, left);
      const base = found.number * PARTITION_SPAN;
      const chunk = yield* rows<FoundRecord & { readonly place: number }>(
        `SELECT place, at, key, headers, value FROM log_records WHERE place >= $1 AND place < $2 ORDER BY place LIMIT $3`,
        [base + next, base + found.end, asked],
      );
      for (const { place, at, key, headers, value } of chunk) {
        records.push({ offset: place - base, at, key, headers, value });
        bytes += value?.byteLength ?? 0;
      }
      left -= chunk.length;
      next = chunk.length < asked ? found.end : (records.at(-1)?.offset ?? next) + 1;
    }
    if (next > offset) slices.push({ topic, partition, records, next });
  }
  return slices;
}
