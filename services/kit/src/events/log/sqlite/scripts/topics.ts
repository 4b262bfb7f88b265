import { KitError } from '../../../../errors.ts';
import { row, rows, type Script } from '../../../../sql/script.ts';
import { topicMissing } from '../../faults.ts';
import type { PartitionBounds, TopicOptions } from '../../port.ts';

/** Makes a topic, or changes its retention and adds partitions. @throws {KitError} `topic-mismatch` */
export function* provisionTopic({ name, partitions, retentionMs, compacted }: TopicOptions): Script<void> {
  const found = yield* row<{ readonly partitions: number }>('SELECT partitions FROM log_topics WHERE topic = $1', [
    name,
  ]);
  if (found !== undefined && found.partitions > partitions)
    throw new KitError(
      'topic-mismatch',
      `topic ${name} has ${found.partitions} partitions, received ${partitions}: a log cannot be made narrower`,
      { repair: `ask for ${found.partitions}, or make another topic and move its readers` },
    );
  yield* rows(
    `INSERT INTO log_topics (topic, partitions, retention_ms, compacted) VALUES ($1, $2, $3, $4)
     ON CONFLICT (topic) DO UPDATE SET partitions = excluded.partitions, retention_ms = excluded.retention_ms,
       compacted = excluded.compacted`,
    [name, partitions, retentionMs ?? null, compacted === true ? 1 : 0],
  );
  for (let partition = found?.partitions ?? 0; partition < partitions; partition += 1)
    yield* rows('INSERT INTO log_partitions (topic, partition) VALUES ($1, $2)', [name, partition]);
}

/** @throws {KitError} `topic-missing` */
export function* bounds(topic: string): Script<readonly PartitionBounds[]> {
  const found = yield* rows<PartitionBounds>(
    `SELECT partition, first_offset AS first, end_offset AS "end" FROM log_partitions WHERE topic = $1
     ORDER BY partition`,
    [topic],
  );
  if (found.length === 0) throw topicMissing(topic);
  return found;
}
