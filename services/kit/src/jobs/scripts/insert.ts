import type { SqlValue } from '../../effects/effect-store.ts';
import type { NewJob } from '../job.ts';
import { row, rows, type Script, tell } from '../script.ts';
import { placeOf } from './place.ts';

/** One level of priority is worth so much waiting. */
export const PRIORITY_WORTH_MS = 60_000;

/** Rows of one statement at most: what a round trip costs is shared, and SQLite looks up each parameter by its name. */
const CLAIMED_AT_ONCE = 32;
const INSERTED_AT_ONCE = 8;

/** In their order, by powers of two: few texts stand for any number, so that a database keeps all of them prepared. */
function* piecesOf<Item>(items: readonly Item[], most: number): Generator<readonly Item[]> {
  let size = most;
  for (let from = 0; from < items.length; from += size) {
    while (size > items.length - from) size /= 2;
    yield items.slice(from, from + size);
  }
}

/** `($1, $2), ($3, $4)` */
const valuesOf = (count: number, columns: number): string =>
  Array.from(
    { length: count },
    (_, line) => `(${Array.from({ length: columns }, (_, column) => `$${line * columns + column + 1}`).join(', ')})`,
  ).join(', ');

/** A statement for each size of a piece. */
const textsOf = (most: number, text: (count: number) => string): ReadonlyMap<number, string> =>
  new Map(Array.from({ length: Math.log2(most) + 1 }, (_, power) => [2 ** power, text(2 ** power)]));

export interface Claim {
  readonly job: NewJob;
  /** Of the job that has the key: this one, or one that was there before. */
  readonly id: string;
  readonly isNew: boolean;
}

/** Claims the key of each job, in their order. */
export function* claimKeys(jobs: readonly NewJob[]): Script<readonly Claim[]> {
  const claims: Claim[] = [];
  for (const piece of piecesOf(jobs, CLAIMED_AT_ONCE)) {
    const free = piece.length === 1 ? new Set<string>() : yield* claimFree(piece);
    // Once: a job that stands there twice is new the first time.
    for (const job of piece)
      claims.push(free.delete(job.id) ? { job, id: job.id, isNew: true } : { job, ...(yield* claimKey(job)) });
  }
  return claims;
}

const CLAIM = textsOf(
  CLAIMED_AT_ONCE,
  (count) =>
    `INSERT INTO job_keys (queue, idempotency_key, job, expires_at) VALUES ${valuesOf(count, 4)}
     ON CONFLICT (queue, idempotency_key) DO NOTHING RETURNING job`,
);

/** @returns ids of the jobs whose keys nobody had, nor a job before them in the same call */
function* claimFree(jobs: readonly NewJob[]): Script<Set<string>> {
  const claimed = yield* rows<{ readonly job: string }>(
    CLAIM.get(jobs.length) as string,
    jobs.flatMap(({ queue, idempotencyKey, id, keyExpiresAt }) => [queue, idempotencyKey, id, keyExpiresAt]),
  );
  return new Set(claimed.map(({ job }) => job));
}

function* claimKey(job: NewJob): Script<Omit<Claim, 'job'>> {
  const claimed = yield* row<{ readonly job: string }>(
    `INSERT INTO job_keys (queue, idempotency_key, job, expires_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (queue, idempotency_key) DO UPDATE SET job = excluded.job, expires_at = excluded.expires_at
       WHERE job_keys.expires_at <= $5
     RETURNING job`,
    [job.queue, job.idempotencyKey, job.id, job.keyExpiresAt, job.createdAt],
  );
  if (claimed !== undefined) return { id: claimed.job, isNew: true };
  const known = yield* row<{ readonly job: string }>(
    'SELECT job FROM job_keys WHERE queue = $1 AND idempotency_key = $2',
    [job.queue, job.idempotencyKey],
  );
  // The statement before has locked it.
  return { id: (known as { readonly job: string }).job, isNew: false };
}

const COLUMNS = [
  'id',
  'queue',
  'task',
  'version',
  'idempotency_key',
  'state',
  'payload',
  'headers',
  'created_at',
  'run_at',
  'rank',
  'deadline_at',
  'priority',
  'share_group',
  'order_key',
  'limit_key',
  'max_attempts',
  'max_crashes',
  'blockers',
  'place',
] as const;

const INSERT = textsOf(
  INSERTED_AT_ONCE,
  (count) => `INSERT INTO jobs (${COLUMNS.join(', ')}) VALUES ${valuesOf(count, COLUMNS.length)}`,
);

/** Inserts jobs whose keys are claimed, in their order. @param blockers of each: others that have to end before it */
export function* insertAll(jobs: readonly NewJob[], blockers = 0): Script<void> {
  for (const piece of piecesOf(jobs, INSERTED_AT_ONCE))
    yield* tell(
      INSERT.get(piece.length) as string,
      piece.flatMap((job) => rowOf(job, blockers)),
    );
}

const rowOf = (job: NewJob, blockers: number): readonly SqlValue[] => [
  job.id,
  job.queue,
  job.task,
  job.version,
  job.idempotencyKey,
  blockers > 0 ? 'waiting' : 'ready',
  job.payload,
  JSON.stringify(job.headers),
  job.createdAt,
  job.runAt,
  job.runAt - job.priority * PRIORITY_WORTH_MS,
  job.deadlineAt ?? null,
  job.priority,
  job.group ?? '',
  job.orderKey ?? null,
  job.limitKey ?? null,
  job.maxAttempts,
  job.maxCrashes,
  blockers,
  placeOf(job, job.createdAt),
];
