import { KitError } from '../../../../errors.ts';
import { row, type Script } from '../../../../sql/script.ts';
import type { Position } from '../../port.ts';
import { commit } from './groups.ts';
import { append, type PlacedRecord } from './records.ts';

/** How far a member of a group is, as it signs it. */
export interface SignedPosition extends Position {
  readonly group: string;
  readonly member: string;
  readonly epoch: number;
}

/** Fences off all who wrote under an id. @returns the epoch of whoever does from now on */
export function* beginProducer(id: string): Script<number> {
  const begun = yield* row<{ readonly epoch: number }>(
    `INSERT INTO log_producers (id, epoch) VALUES ($1, 1)
     ON CONFLICT (id) DO UPDATE SET epoch = epoch + 1 RETURNING epoch`,
    [id],
  );
  return begun?.epoch ?? 0;
}

/**
 * Writes records and says what is done, both or neither.
 *
 * @returns the offset of each record
 * @throws {KitError} `producer-fenced`, `partition-lost`, `topic-missing`
 */
export function* exchange(
  id: string,
  epoch: number,
  records: readonly PlacedRecord[],
  done: readonly SignedPosition[],
  now: number,
): Script<readonly number[]> {
  const own = yield* row('SELECT 1 AS own FROM log_producers WHERE id = $1 AND epoch = $2', [id, epoch]);
  if (own === undefined)
    throw new KitError('producer-fenced', `transactions ${id}: another process writes under this id now`, {
      repair: 'let go of what was read: the other one has it',
    });
  for (const { group, member, epoch: held, ...position } of done) yield* commit(group, member, position, held);
  return records.length === 0 ? [] : yield* append(records, now);
}
