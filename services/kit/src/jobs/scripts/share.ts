import { rows, type Script, tell } from '../script.ts';

// Start-time fair queueing: each group has the time at which its next job starts on a clock that all of them share. The
// earliest goes first, and moves on by one job divided by its weight. A group that comes back starts at the clock's time,
// so that it neither owes nor has saved up anything.

/** Groups found new in one call; more come with the next ones, in turn. */
const DISCOVERED = 64;

export interface Share {
  readonly group: string;
  startAt: number;
  active: boolean;
}

interface ShareRow {
  readonly share_group: string;
  readonly virtual_time: number;
}

const NEXT_GROUPS = `WITH RECURSIVE line (share_group, n) AS (
    SELECT min(share_group), 1 FROM jobs WHERE state = 'ready' AND place = 1 AND queue = $1 AND share_group > $2
    UNION ALL
    SELECT (SELECT min(share_group) FROM jobs WHERE state = 'ready' AND place = 1 AND queue = $1
              AND share_group > line.share_group), n + 1
    FROM line WHERE share_group IS NOT NULL AND n < ${DISCOVERED})
  SELECT share_group FROM line WHERE share_group IS NOT NULL`;

export interface Discovery {
  /** Where the next call goes on; nothing at the end of the round. */
  readonly seen: string | null;
  readonly found: number;
}

/** Finds groups that have jobs in line, a bounded number of them, each in its turn. */
export function* discover(queue: string, seen: string | null, clock: number): Script<Discovery> {
  const unnamed =
    seen === null
      ? yield* rows<{ readonly share_group: string }>(
          `SELECT share_group FROM jobs WHERE state = 'ready' AND place = 1 AND queue = $1 AND share_group = '' LIMIT 1`,
          [queue],
        )
      : [];
  const named = yield* rows<{ readonly share_group: string }>(NEXT_GROUPS, [queue, seen ?? '']);
  let found = 0;
  for (const { share_group } of [...unnamed, ...named]) {
    const woken = yield* rows(
      `INSERT INTO job_shares (queue, share_group, virtual_time, active) VALUES ($1, $2, $3, 1)
       ON CONFLICT (queue, share_group) DO UPDATE SET active = 1,
         virtual_time = CASE WHEN job_shares.virtual_time > excluded.virtual_time THEN job_shares.virtual_time
           ELSE excluded.virtual_time END
         WHERE job_shares.active = 0
       RETURNING share_group`,
      [queue, share_group, clock],
    );
    found += woken.length;
  }
  return { seen: named.length < DISCOVERED ? null : (named.at(-1)?.share_group ?? null), found };
}

/** Those whose turn is next, after the one that was read last. */
export function* nextShares(queue: string, limit: number, after?: Share): Script<Share[]> {
  const found = yield* rows<ShareRow>(
    `SELECT share_group, virtual_time FROM job_shares WHERE queue = $1 AND active = 1
       AND (virtual_time, share_group) > ($2, $3)
     ORDER BY virtual_time, share_group LIMIT $4`,
    [queue, after?.startAt ?? -1, after?.group ?? '', limit],
  );
  return found.map(({ share_group, virtual_time }) => ({ group: share_group, startAt: virtual_time, active: true }));
}

export function* writeShare(queue: string, { group, startAt, active }: Share): Script<void> {
  yield* tell('UPDATE job_shares SET virtual_time = $3, active = $4 WHERE queue = $1 AND share_group = $2', [
    queue,
    group,
    startAt,
    active ? 1 : 0,
  ]);
}

export const earliest = (shares: readonly Share[]): Share | undefined => {
  let first: Share | undefined;
  for (const share of shares) if (share.active && (first === undefined || share.startAt < first.startAt)) first = share;
  return first;
};
