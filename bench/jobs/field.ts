import type { Absent } from '../queue/contestant.ts';
import { versionOf } from '../queue/field.ts';
import type { JobSystem } from '../queue/job-system.ts';
import { openBullmq } from '../queue/peers/bullmq.ts';
import { openGraphileWorker } from '../queue/peers/graphile-worker.ts';
import { openPostgresJobs, openSqliteJobs } from '../queue/peers/penstock-jobs.ts';
import { openPgBoss } from '../queue/peers/pg-boss.ts';
import { postgresVersion } from '../queue/servers/postgres.ts';
import { redisVersion } from '../queue/servers/redis.ts';

/** In the order in which a round runs them. */
export const NAMES = ['penstock-sqlite', 'bullmq', 'penstock-postgres', 'graphile-worker', 'pg-boss'] as const;

export type Name = (typeof NAMES)[number];

/** Ours, and the peer it is held against: on the same database where there is one. */
export const PAIRS: readonly (readonly [ours: Name, peer: Name])[] = [
  ['penstock-sqlite', 'bullmq'],
  ['penstock-sqlite', 'graphile-worker'],
  ['penstock-sqlite', 'pg-boss'],
  ['penstock-postgres', 'graphile-worker'],
  ['penstock-postgres', 'pg-boss'],
];

/** Starts the contestants and their servers; whatever was started ends with `stack`. */
export async function openField(
  names: readonly Name[],
  stack: AsyncDisposableStack,
): Promise<{ readonly systems: readonly JobSystem[]; readonly absent: readonly Absent[] }> {
  const systems: JobSystem[] = [];
  const absent: Absent[] = [];
  for (const name of names) {
    const howToGet = missing(name);
    if (howToGet === undefined) systems.push(stack.use(await open(name)));
    else absent.push({ name, howToGet });
  }
  return { systems, absent };
}

function open(name: Name): Promise<JobSystem> {
  switch (name) {
    case 'penstock-sqlite':
      return openSqliteJobs();
    case 'penstock-postgres':
      return openPostgresJobs();
    case 'bullmq':
      return openBullmq(versionOf('bullmq'));
    case 'graphile-worker':
      return openGraphileWorker(versionOf('graphile-worker'), 'plain');
    case 'pg-boss':
      return openPgBoss(versionOf('pg-boss'));
  }
}

/** What to do about a server that is not here. */
function missing(name: Name): string | undefined {
  switch (name) {
    case 'penstock-sqlite':
      return undefined;
    case 'bullmq':
      return redisVersion() === undefined ? 'sh .ci/peers/redis.sh' : undefined;
    case 'penstock-postgres':
    case 'graphile-worker':
    case 'pg-boss':
      return postgresVersion() === undefined ? 'sh .ci/peers/postgres.sh' : undefined;
  }
}
