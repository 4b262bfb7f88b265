import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { parametersOf } from '../sqlite/parameters.ts';
import { StatementCache } from '../sqlite/statement-cache.ts';
import { faultOf, openDatabase, Refusal, type StoreHandler, serveStore, transact } from '../sqlite/store-thread.ts';
import type { EffectOperation, EffectResult, EffectStoreOptions, Statement } from './effect-store.ts';

/** `applied_at` is null while somebody works on the key: then the row is only its fence. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS effects (
    key TEXT PRIMARY KEY,
    token INTEGER NOT NULL,
    applied_at INTEGER,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS effects_by_expiry ON effects (expires_at);
`;

const PURGED_AT_ONCE = 4;
/** An effect is one of a few texts, with different values. */
const STATEMENT_LIMIT = 100;

interface Row {
  readonly token: number;
  readonly applied_at: number | null;
}

class EffectHandler implements StoreHandler<EffectOperation, EffectResult> {
  readonly #database: DatabaseSync;
  readonly #windowMs: number;
  readonly #find: StatementSync;
  readonly #fence: StatementSync;
  readonly #remember: StatementSync;
  readonly #purge: StatementSync;
  readonly #statements: StatementCache;

  constructor(database: DatabaseSync, windowMs: number) {
    this.#database = database;
    this.#windowMs = windowMs;
    this.#statements = new StatementCache(database, STATEMENT_LIMIT);
    this.#find = database.prepare('SELECT token, applied_at FROM effects WHERE key = ?');
    this.#fence = database.prepare(
      'INSERT INTO effects (key, token, expires_at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at',
    );
    this.#remember = database.prepare(
      'INSERT INTO effects (key, token, applied_at, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET token = excluded.token, applied_at = excluded.applied_at, expires_at = excluded.expires_at',
    );
    this.#purge = database.prepare(
      'DELETE FROM effects WHERE key IN (SELECT key FROM effects WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)',
    );
  }

  run(op: EffectOperation): EffectResult {
    const now = Date.now();
    const row = this.#find.get(op.key) as Row | undefined;
    if (row !== undefined && row.applied_at !== null) return op.kind === 'begin' ? 'applied' : 'duplicate';
    if (row !== undefined && row.token > op.token) {
      throw new Refusal(
        'effect-fenced',
        `a later delivery (${row.token}) works on ${op.key}; this one is ${op.token}`,
        'let go of the item',
      );
    }
    if (op.kind === 'begin') {
      this.#fence.run(op.key, op.token, now + this.#windowMs);
      return 'fresh';
    }
    this.#apply(op.effect);
    this.#remember.run(op.key, op.token, now, now + this.#windowMs);
    this.#purge.run(now, PURGED_AT_ONCE);
    return 'applied';
  }

  committed(): void {}

  /** A statement that fails takes back those of its own effect, not those of the batch. */
  #apply(effect: readonly Statement[]): void {
    this.#database.exec('SAVEPOINT effect');
    try {
      for (const { sql, params } of effect) this.#statements.prepare(sql).run(parametersOf(params));
    } catch (error) {
      // A fault of the file, e.g. a full disk, is not this effect's: the whole batch has to know.
      if (!this.#database.isTransaction || faultOf(error, path).code !== 'storage-failed') throw error;
      this.#database.exec('ROLLBACK TO effect; RELEASE effect');
      throw new Refusal('storage-failed', `the effect was not applied: ${(error as Error).message}`);
    }
    this.#database.exec('RELEASE effect');
  }
}

const { path, idempotencyWindowMs, schema } = workerData as EffectStoreOptions;

serveStore<EffectOperation, EffectResult>(path, () => {
  const database = openDatabase(path);
  transact(database, () => {
    for (const sql of [TABLES, ...schema]) database.exec(sql);
  });
  return { database, handler: new EffectHandler(database, idempotencyWindowMs), close: () => {} };
});
