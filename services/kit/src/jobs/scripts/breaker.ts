import { row, type Script, tell } from '../script.ts';

// A breaker of a downstream is shared by all workers of a store. It opens after failures in a row, rests, then lets one
// job through: that one's end closes it or opens it again.

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it rests before a probe. */
  readonly restMs: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerRow {
  readonly downstream: string;
  readonly state: BreakerState;
  readonly failures: number;
  readonly changed_at: number;
  /** When the next probe may go. */
  readonly probe_at: number;
  /** The job that probes. */
  readonly probe: string | null;
}

/**
 * What a job found of its downstream. While it is half-open only the probe's word counts, and while it is open nobody's:
 * what began before says nothing about now.
 */
export function* report(
  downstream: string,
  outcome: 'ok' | 'failed',
  job: string,
  now: number,
  { failures, restMs }: BreakerPolicy,
): Script<BreakerState> {
  if (outcome === 'ok') {
    // No write when there is nothing to forget: successes are many.
    const found = yield* row<BreakerRow>('SELECT * FROM job_breakers WHERE downstream = $1', [downstream]);
    if (found === undefined || (found.state === 'closed' && found.failures === 0)) return 'closed';
    const closed = yield* row(
      `UPDATE job_breakers SET state = 'closed', failures = 0, changed_at = $2, probe = NULL
       WHERE downstream = $1 AND (state = 'closed' OR (state = 'half-open' AND probe = $3)) RETURNING state`,
      [downstream, now, job],
    );
    return closed === undefined ? found.state : 'closed';
  }
  const counted = yield* row<Pick<BreakerRow, 'state'>>(
    `INSERT INTO job_breakers (downstream, state, failures, changed_at, probe_at)
     VALUES ($1, CASE WHEN $2 <= 1 THEN 'open' ELSE 'closed' END, 1, $3, $4)
     ON CONFLICT (downstream) DO UPDATE SET failures = job_breakers.failures + 1, changed_at = $3, probe_at = $4,
       probe = NULL,
       state = CASE WHEN job_breakers.state = 'half-open' OR job_breakers.failures + 1 >= $2 THEN 'open'
         ELSE 'closed' END
       WHERE job_breakers.state = 'closed' OR (job_breakers.state = 'half-open' AND job_breakers.probe = $5)
     RETURNING state`,
    [downstream, failures, now, now + restMs, job],
  );
  if (counted !== undefined) return counted.state;
  return (yield* breakerOf(downstream))?.state ?? 'closed';
}

export function* breakerOf(downstream: string): Script<BreakerRow | undefined> {
  return yield* row<BreakerRow>('SELECT * FROM job_breakers WHERE downstream = $1', [downstream]);
}

/** One job goes to see; when nobody hears of it in time, another one goes. */
export function* sendProbe(downstream: string, job: string, now: number, nextAt: number): Script<void> {
  yield* tell(
    `UPDATE job_breakers SET state = 'half-open', probe = $2, changed_at = $3, probe_at = $4
     WHERE downstream = $1 AND state <> 'closed'`,
    [downstream, job, now, nextAt],
  );
}
