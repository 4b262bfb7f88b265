import { COLUMN_TYPES, type Dialect } from '../sql/dialect.ts';

/** Raised with every change of the tables; a store of a newer version is refused. */
export const JOBS_VERSION = 1;

/**
 * Statements that make the tables, each safe to run again. `rank` is when a job's turn is among those that are due:
 * `run_at` less what its priority is worth. It never changes with the clock, so an index keeps the order, and a job that
 * has waited long enough is before every newer one, whatever their priority.
 */
export function jobTables(dialect: Dialect): readonly string[] {
  const { bytes, number, fraction, sequence } = COLUMN_TYPES[dialect];
  return [
    `CREATE TABLE IF NOT EXISTS job_store (version ${number} PRIMARY KEY)`,
    `INSERT INTO job_store (version) SELECT ${JOBS_VERSION} WHERE NOT EXISTS (SELECT 1 FROM job_store)`,
    `CREATE TABLE IF NOT EXISTS jobs (
      seq ${sequence},
      id TEXT NOT NULL UNIQUE,
      queue TEXT NOT NULL,
      task TEXT NOT NULL,
      version ${number} NOT NULL,
      idempotency_key TEXT NOT NULL,
      state TEXT NOT NULL,
      payload ${bytes} NOT NULL,
      headers TEXT NOT NULL,
      created_at ${number} NOT NULL,
      run_at ${number} NOT NULL,
      rank ${number} NOT NULL,
      deadline_at ${number},
      priority ${number} NOT NULL,
      share_group TEXT,
      order_key TEXT,
      limit_key TEXT,
      max_attempts ${number} NOT NULL,
      attempt ${number} NOT NULL DEFAULT 0,
      max_crashes ${number} NOT NULL,
      crashes ${number} NOT NULL DEFAULT 0,
      blockers ${number} NOT NULL DEFAULT 0,
      place ${number} NOT NULL DEFAULT 0,
      release_no ${number} NOT NULL DEFAULT 0,
      token ${number} NOT NULL DEFAULT 0,
      settled_token ${number},
      released_at ${number},
      lease_until ${number},
      worker TEXT,
      cancel_requested_at ${number},
      started_at ${number},
      finished_at ${number},
      progress TEXT,
      result ${bytes},
      history TEXT
    )`,
    // What a dispatcher asks: what is due and not sorted; the next in line of a group; the next behind a limit; what was
    // released; what ends. The numbers are those of PLACE.
    `CREATE INDEX IF NOT EXISTS jobs_ready ON jobs (queue, place, run_at) WHERE state = 'ready'`,
    `CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (queue) WHERE state = 'waiting'`,
    `CREATE INDEX IF NOT EXISTS jobs_line ON jobs (queue, share_group, task, rank, seq) WHERE state = 'ready' AND place = 1`,
    `CREATE INDEX IF NOT EXISTS jobs_limited ON jobs (queue, task, limit_key, place, rank, seq)
      WHERE state = 'ready' AND limit_key IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS jobs_out ON jobs (queue, state, released_at)
      WHERE state IN ('released', 'running')`,
    `CREATE INDEX IF NOT EXISTS jobs_order ON jobs (queue, order_key, seq)
      WHERE order_key IS NOT NULL AND state NOT IN ('succeeded', 'failed', 'cancelled')`,
    `CREATE INDEX IF NOT EXISTS jobs_finished ON jobs (queue, state, finished_at)
      WHERE state IN ('succeeded', 'failed', 'cancelled')`,
    // What people look at: the newest and the oldest, and the dead letters.
    'CREATE INDEX IF NOT EXISTS jobs_listed ON jobs (queue, seq)',
    `CREATE INDEX IF NOT EXISTS jobs_dead ON jobs (queue, seq) WHERE state = 'failed'`,
    `CREATE INDEX IF NOT EXISTS jobs_deadline ON jobs (queue, deadline_at)
      WHERE deadline_at IS NOT NULL AND state NOT IN ('succeeded', 'failed', 'cancelled')`,
    `CREATE TABLE IF NOT EXISTS job_keys (
      queue TEXT NOT NULL,
      idempotency_key TEXT NOT NULL,
      job TEXT NOT NULL,
      expires_at ${number} NOT NULL,
      PRIMARY KEY (queue, idempotency_key)
    )`,
    'CREATE INDEX IF NOT EXISTS job_keys_by_expiry ON job_keys (expires_at)',
    `CREATE TABLE IF NOT EXISTS job_needs (
      job TEXT NOT NULL,
      needs TEXT NOT NULL,
      on_failure TEXT NOT NULL,
      PRIMARY KEY (job, needs)
    )`,
    'CREATE INDEX IF NOT EXISTS job_needs_by_need ON job_needs (needs)',
    `CREATE TABLE IF NOT EXISTS job_order_locks (slot ${number} PRIMARY KEY)`,
    `CREATE TABLE IF NOT EXISTS job_steps (
      job TEXT NOT NULL,
      step TEXT NOT NULL,
      result ${bytes} NOT NULL,
      PRIMARY KEY (job, step)
    )`,
    `CREATE TABLE IF NOT EXISTS job_schedules (
      name TEXT PRIMARY KEY,
      queue TEXT NOT NULL,
      definition TEXT NOT NULL,
      next_at ${number} NOT NULL
    )`,
    // A term is one leader's time: whoever leads after it has a greater one.
    `CREATE TABLE IF NOT EXISTS job_queues (
      queue TEXT PRIMARY KEY,
      paused_at ${number},
      leader TEXT,
      leader_until ${number} NOT NULL DEFAULT 0,
      term ${number} NOT NULL DEFAULT 0,
      virtual_time ${fraction} NOT NULL DEFAULT 0,
      seen_group TEXT,
      max_jobs ${number},
      max_bytes ${number}
    )`,
    // Counted in several rows, so that those who add at once do not queue up for one.
    `CREATE TABLE IF NOT EXISTS job_counts (
      queue TEXT NOT NULL,
      slot ${number} NOT NULL,
      added ${number} NOT NULL,
      added_bytes ${number} NOT NULL,
      ended ${number} NOT NULL,
      ended_bytes ${number} NOT NULL,
      failed ${number} NOT NULL,
      PRIMARY KEY (queue, slot)
    )`,
    `CREATE TABLE IF NOT EXISTS job_shares (
      queue TEXT NOT NULL,
      share_group TEXT NOT NULL,
      virtual_time ${fraction} NOT NULL,
      active ${number} NOT NULL,
      PRIMARY KEY (queue, share_group)
    )`,
    'CREATE INDEX IF NOT EXISTS job_shares_by_turn ON job_shares (queue, virtual_time, share_group) WHERE active = 1',
    'CREATE INDEX IF NOT EXISTS job_shares_idle ON job_shares (queue, virtual_time) WHERE active = 0',
    // look_at: when what is held behind the limit is worth a look; nothing while nothing is held.
    `CREATE TABLE IF NOT EXISTS job_limits (
      queue TEXT NOT NULL,
      task TEXT NOT NULL,
      limit_key TEXT NOT NULL,
      in_flight ${number} NOT NULL,
      tokens ${fraction} NOT NULL,
      refilled_at ${number} NOT NULL,
      full_at ${number} NOT NULL,
      look_at ${number},
      PRIMARY KEY (queue, task, limit_key)
    )`,
    `CREATE INDEX IF NOT EXISTS job_limits_idle ON job_limits (queue, full_at) WHERE in_flight = 0 AND look_at IS NULL`,
    'CREATE INDEX IF NOT EXISTS job_limits_by_look ON job_limits (queue, look_at) WHERE look_at IS NOT NULL',
    `CREATE TABLE IF NOT EXISTS job_breakers (
      downstream TEXT PRIMARY KEY,
      state TEXT NOT NULL,
      failures ${number} NOT NULL,
      changed_at ${number} NOT NULL,
      probe_at ${number} NOT NULL,
      probe TEXT
    )`,
  ];
}
