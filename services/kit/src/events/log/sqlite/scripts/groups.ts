import { row, rows, type Script } from '../../../../sql/script.ts';
import { assign } from '../../assignment.ts';
import { groupBusy, partitionLost, topicMissing } from '../../faults.ts';
import type { PartitionLag, Position } from '../../port.ts';

export interface Membership {
  readonly group: string;
  /** Unique to one life of one member. Of one that has a name it begins with the name and a slash. */
  readonly member: string;
  /** The same for every life of the member. */
  readonly name?: string;
  readonly topics: readonly string[];
  readonly startAt: 'earliest' | 'latest';
  readonly sessionMs: number;
}

/** A partition as its owner sees it. */
export interface OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly committed: number | null;
  /** Where the log begins. */
  readonly first: number;
  /** Somebody else is to get it: 1 or 0. */
  readonly leaving: number;
}

interface AssignmentRow {
  readonly topic: string;
  readonly partition: number;
  readonly owner: string | null;
  readonly heir: string | null;
}

/**
 * Lives on as a member, and shares the partitions anew where members came or went. A partition that is to go to
 * another member stays until its owner lets go of it, or is silent for too long.
 *
 * @param isJoining takes what an earlier life of the same name has
 * @returns what the member has
 * @throws {KitError} `topic-missing`; `group-busy` when a later life of the same name is there
 */
export function* live(
  { group, member, name, topics, startAt, sessionMs }: Membership,
  now: number,
  isJoining: boolean,
): Script<readonly OwnedPartition[]> {
  if (name !== undefined) yield* succeed(group, member, name, isJoining);
  yield* rows(
    `INSERT INTO log_members (group_name, member, topics, lives_until) VALUES ($1, $2, $3, $4)
     ON CONFLICT (group_name, member) DO UPDATE SET topics = excluded.topics, lives_until = excluded.lives_until`,
    [group, member, JSON.stringify(topics), now + sessionMs],
  );
  yield* rows('DELETE FROM log_members WHERE group_name = $1 AND lives_until <= $2', [group, now]);
  for (const topic of topics) yield* know(group, topic, startAt);
  yield* share(group);
  return yield* rows<OwnedPartition>(
    `SELECT topic, partition, epoch, committed, first_offset AS first, heir IS NOT NULL AS leaving
     FROM log_assignments JOIN log_partitions USING (topic, partition)
     WHERE group_name = $1 AND owner = $2 ORDER BY topic, partition`,
    [group, member],
  );
}

/** One life of a name follows another: it has what that one had, under greater epochs. */
function* succeed(group: string, member: string, name: string, isJoining: boolean): Script<void> {
  const others = yield* rows<{ readonly member: string }>(
    `SELECT member FROM log_members WHERE group_name = $1 AND substr(member, 1, $3) = $2 AND member <> $4`,
    [group, `${name}/`, name.length + 1, member],
  );
  for (const other of others) {
    if (!isJoining) throw groupBusy(`${group}, member ${name},`);
    yield* rows('DELETE FROM log_members WHERE group_name = $1 AND member = $2', [group, other.member]);
    yield* rows('UPDATE log_assignments SET owner = $3, epoch = epoch + 1 WHERE group_name = $1 AND owner = $2', [
      group,
      other.member,
      member,
    ]);
    yield* rows('UPDATE log_assignments SET heir = $3 WHERE group_name = $1 AND heir = $2', [
      group,
      other.member,
      member,
    ]);
  }
}

/** Partitions that the group has not seen; where it begins in them is decided once. */
function* know(group: string, topic: string, startAt: 'earliest' | 'latest'): Script<void> {
  const counted = yield* row<{ readonly known: number; readonly there: number }>(
    `SELECT (SELECT count(*) FROM log_assignments WHERE group_name = $1 AND topic = $2) AS known,
       (SELECT count(*) FROM log_partitions WHERE topic = $2) AS there`,
    [group, topic],
  );
  if (counted === undefined || counted.there === 0) throw topicMissing(topic);
  if (counted.known === counted.there) return;
  yield* rows(
    `INSERT INTO log_assignments (group_name, topic, partition, committed)
     SELECT $1, topic, partition, CASE WHEN $3 = 'latest' AND $4 = 0 THEN end_offset ELSE NULL END
     FROM log_partitions WHERE topic = $2
     ON CONFLICT (group_name, topic, partition) DO NOTHING`,
    // What is written to a partition that was added later was never older than the group.
    [group, topic, startAt, counted.known],
  );
}

function* share(group: string): Script<void> {
  const members = yield* rows<{ readonly member: string; readonly topics: string }>(
    'SELECT member, topics FROM log_members WHERE group_name = $1',
    [group],
  );
  const found = yield* rows<AssignmentRow>(
    'SELECT topic, partition, owner, heir FROM log_assignments WHERE group_name = $1 ORDER BY topic, partition',
    [group],
  );
  const holders = assign(
    members.map(({ member, topics }) => ({ id: member, topics: JSON.parse(topics) as string[] })),
    found.map(({ topic, partition, owner, heir }) => ({ topic, partition, holder: heir ?? owner ?? undefined })),
  );
  const alive = new Set(members.map(({ member }) => member));
  for (const [index, { topic, partition, owner, heir }] of found.entries()) {
    const holder = holders[index] ?? null;
    if (owner !== null && alive.has(owner)) {
      const next = holder === owner ? null : holder;
      if (next !== heir)
        yield* rows('UPDATE log_assignments SET heir = $4 WHERE group_name = $1 AND topic = $2 AND partition = $3', [
          group,
          topic,
          partition,
          next,
        ]);
    } else if (owner !== null || holder !== null) {
      yield* rows(
        `UPDATE log_assignments SET owner = $4, heir = NULL, epoch = epoch + 1
         WHERE group_name = $1 AND topic = $2 AND partition = $3`,
        [group, topic, partition, holder],
      );
    }
  }
}

/** Lets go of a partition that somebody else is to get. */
export function* release(group: string, member: string, topic: string, partition: number): Script<void> {
  yield* rows(
    `UPDATE log_assignments SET owner = heir, heir = NULL, epoch = epoch + 1
     WHERE group_name = $1 AND owner = $2 AND topic = $3 AND partition = $4 AND heir IS NOT NULL`,
    [group, member, topic, partition],
  );
}

/** Lets go of everything; the others share it at once. */
export function* leave(group: string, member: string): Script<void> {
  yield* rows('DELETE FROM log_members WHERE group_name = $1 AND member = $2', [group, member]);
  yield* share(group);
}

/** @throws {KitError} `partition-lost` */
export function* commit(
  group: string,
  member: string,
  { topic, partition, offset }: Position,
  epoch: number,
): Script<void> {
  const kept = yield* row(
    `UPDATE log_assignments SET committed = $6
     WHERE group_name = $1 AND owner = $2 AND topic = $3 AND partition = $4 AND epoch = $5 RETURNING 1 AS kept`,
    [group, member, topic, partition, epoch, offset],
  );
  if (kept === undefined) throw partitionLost(group, topic, partition);
}

/** Where a group without members goes on. @throws {KitError} `group-busy`, `topic-missing` */
export function* reposition(group: string, positions: readonly Position[], now: number): Script<void> {
  const member = yield* row('SELECT 1 AS found FROM log_members WHERE group_name = $1 AND lives_until > $2', [
    group,
    now,
  ]);
  if (member !== undefined) throw groupBusy(group);
  for (const { topic, partition, offset } of positions) {
    const moved = yield* row(
      `INSERT INTO log_assignments (group_name, topic, partition, committed)
       SELECT $1, topic, partition, $4 FROM log_partitions WHERE topic = $2 AND partition = $3
       ON CONFLICT (group_name, topic, partition) DO UPDATE SET committed = excluded.committed, epoch = epoch + 1
       RETURNING 1 AS moved`,
      [group, topic, partition, offset],
    );
    if (moved === undefined) throw topicMissing(topic);
  }
}

/** @throws {KitError} `topic-missing` */
export function* lag(group: string, topic: string): Script<readonly PartitionLag[]> {
  const found = yield* rows<{
    readonly partition: number;
    readonly first: number;
    readonly end: number;
    readonly committed: number | null;
  }>(
    `SELECT p.partition, first_offset AS first, end_offset AS "end", committed FROM log_partitions p
     LEFT JOIN log_assignments a ON a.topic = p.topic AND a.partition = p.partition AND a.group_name = $1
     WHERE p.topic = $2 ORDER BY p.partition`,
    [group, topic],
  );
  if (found.length === 0) throw topicMissing(topic);
  return found.map(({ partition, first, end, committed }) => ({
    partition,
    first,
    end,
    committed: committed ?? undefined,
    lag: end - Math.max(first, committed ?? first),
  }));
}
