import type { JobNeed, JobRecord, JobState } from '../job.ts';
import { row, rows, type Script } from '../script.ts';
import { type JobRow, recordOf } from './record.ts';

/** Neighbours and steps that are named; of what goes beyond, only that it does. */
export const NAMED_AT_MOST = 100;

/** A job and what stands around it, for people. */
export interface Inspection {
  readonly job: JobRecord;
  readonly seq: number;
  /** Who has or had it last. */
  readonly worker: string | undefined;
  readonly releasedAt: number | undefined;
  readonly leaseUntil: number | undefined;
  /** How many jobs it waits for: what it needs, and the one before it in its order. */
  readonly blockers: number;
  readonly needs: readonly (JobNeed & { /** Missing when it was purged. */ readonly state: JobState | 'missing' })[];
  readonly neededBy: readonly { readonly job: string; readonly state: JobState }[];
  /** Names of the steps that are done. */
  readonly steps: readonly string[];
}

export function* inspect(id: string): Script<Inspection | undefined> {
  const found = yield* row<JobRow>('SELECT * FROM jobs WHERE id = $1', [id]);
  if (found === undefined) return undefined;
  const needs = yield* rows<Inspection['needs'][number]>(
    `SELECT job_needs.needs AS job, job_needs.on_failure AS "onFailure", COALESCE(jobs.state, 'missing') AS state
     FROM job_needs LEFT JOIN jobs ON jobs.id = job_needs.needs WHERE job_needs.job = $1
     ORDER BY job_needs.needs LIMIT ${NAMED_AT_MOST}`,
    [id],
  );
  const neededBy = yield* rows<Inspection['neededBy'][number]>(
    `SELECT jobs.id AS job, jobs.state AS state FROM job_needs JOIN jobs ON jobs.id = job_needs.job
     WHERE job_needs.needs = $1 ORDER BY jobs.id LIMIT ${NAMED_AT_MOST}`,
    [id],
  );
  const steps = yield* rows<{ readonly step: string }>(
    `SELECT step FROM job_steps WHERE job = $1 ORDER BY step LIMIT ${NAMED_AT_MOST}`,
    [id],
  );
  return {
    job: recordOf(found),
    seq: found.seq,
    worker: found.worker ?? undefined,
    releasedAt: found.released_at ?? undefined,
    leaseUntil: found.lease_until ?? undefined,
    blockers: found.blockers,
    needs,
    neededBy,
    steps: steps.map(({ step }) => step),
  };
}
