import { DatabaseSync } from 'node:sqlite';
import type { Query } from '@penstock/kit/jobs';
import { Client } from 'pg';

// What the job store let happen, written by its own transactions: triggers write down each begun attempt, each end and
// each step that was kept, and effects are rows of their own. No two of one job are written at once, so their order is
// the order of the facts.

export type JobEvent = 'begun' | 'succeeded' | 'failed' | 'cancelled' | 'step' | 'step-effect' | 'effect';

export interface JobHistoryRow {
  readonly job: string;
  readonly kind: JobEvent;
  readonly attempt: number;
}

/** What became of a job. */
export interface JobEnd {
  readonly id: string;
  readonly key: string;
  readonly state: string;
  readonly attempt: number;
  readonly maxAttempts: number;
}

const TABLE = (place: string): string =>
  `CREATE TABLE IF NOT EXISTS chaos_history (place ${place}, queue TEXT NOT NULL, job TEXT NOT NULL, kind TEXT NOT NULL, attempt INTEGER NOT NULL)`;
const BEGUN = "NEW.state = 'running' AND (OLD.state <> 'running' OR OLD.token <> NEW.token)";
const FINAL = "('succeeded', 'failed', 'cancelled')";
const OVER = `NEW.state IN ${FINAL} AND OLD.state NOT IN ${FINAL}`;
const INSERT = 'INSERT INTO chaos_history (queue, job, kind, attempt)';
const STEP = `${INSERT} SELECT queue, id, 'step', attempt FROM jobs WHERE id = NEW.job`;

const SQLITE_SCHEMA: readonly string[] = [
  TABLE('INTEGER PRIMARY KEY AUTOINCREMENT'),
  `CREATE TRIGGER IF NOT EXISTS chaos_begun AFTER UPDATE ON jobs WHEN ${BEGUN}
   BEGIN ${INSERT} VALUES (NEW.queue, NEW.id, 'begun', NEW.attempt); END`,
  `CREATE TRIGGER IF NOT EXISTS chaos_over AFTER UPDATE ON jobs WHEN ${OVER}
   BEGIN ${INSERT} VALUES (NEW.queue, NEW.id, NEW.state, NEW.attempt); END`,
  `CREATE TRIGGER IF NOT EXISTS chaos_step AFTER INSERT ON job_steps BEGIN ${STEP}; END`,
];

const POSTGRES_SCHEMA: readonly string[] = [
  TABLE('BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'),
  `DO $outer$ BEGIN
     IF to_regproc('chaos_job') IS NOT NULL THEN RETURN; END IF;
     CREATE FUNCTION chaos_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF ${BEGUN} THEN ${INSERT} VALUES (NEW.queue, NEW.id, 'begun', NEW.attempt);
       ELSIF ${OVER} THEN ${INSERT} VALUES (NEW.queue, NEW.id, NEW.state, NEW.attempt); END IF;
       RETURN NULL;
     END $$;
     CREATE FUNCTION chaos_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${STEP}; RETURN NULL; END $$;
     CREATE TRIGGER chaos_job AFTER UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION chaos_job();
     CREATE TRIGGER chaos_step AFTER INSERT ON job_steps FOR EACH ROW EXECUTE FUNCTION chaos_step();
   END $outer$`,
];

const isSqlite = (store: string): boolean => store.startsWith('sqlite:');

export const historySchema = (store: string): readonly string[] => (isSqlite(store) ? SQLITE_SCHEMA : POSTGRES_SCHEMA);

const rowOf = (kind: JobEvent, queue: string, job: string, attempt: number): Query => ({
  sql: `${INSERT} VALUES ($1, $2, '${kind}', $3)`,
  params: [queue, job, attempt],
});

export const appliedRow = rowOf.bind(undefined, 'effect');
export const stepEffectRow = rowOf.bind(undefined, 'step-effect');

/** Reads beside those who write. */
export class JobHistoryReader {
  readonly #store: string;
  readonly #queue: string;

  /** @param store past every network that faults come to */
  constructor(store: string, queue: string) {
    this.#store = store;
    this.#queue = queue;
  }

  rows(): Promise<readonly JobHistoryRow[]> {
    return this.#ask('SELECT job, kind, attempt FROM chaos_history WHERE queue = $1 ORDER BY place');
  }

  /** In the order in which they were added. */
  ends(): Promise<readonly JobEnd[]> {
    return this.#ask(
      `SELECT id, idempotency_key AS key, state, CAST(attempt AS INTEGER) AS attempt,
         CAST(max_attempts AS INTEGER) AS "maxAttempts" FROM jobs WHERE queue = $1 ORDER BY seq`,
    );
  }

  async #ask<Row>(sql: string): Promise<readonly Row[]> {
    if (isSqlite(this.#store)) {
      using database = new DatabaseSync(this.#store.slice('sqlite:'.length), { readOnly: true, timeout: 5_000 });
      return database.prepare(sql.replaceAll('$1', '?')).all(this.#queue) as unknown as readonly Row[];
    }
    const client = new Client({ connectionString: this.#store });
    // A server that is killed is a fault of the run, and whoever asks hears of it by the query.
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(sql, [this.#queue])).rows as readonly Row[];
    } finally {
      await client.end();
    }
  }
}
