import { DatabaseSync } from 'node:sqlite';
import { type EffectStore, openSqliteEffects, type Statement } from '@penstock/kit';

// What the effect store let happen, written by its own transactions: the order of the rows is the order of the facts.
// The rows of `begun` are written by triggers, so nobody can begin without being seen; those of `effect` are the
// effect, and their table has no key, so that one that is applied twice is there twice.

const SCHEMA = [
  'CREATE TABLE IF NOT EXISTS history (place INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, item TEXT NOT NULL, token INTEGER NOT NULL)',
  ...(['INSERT', 'UPDATE'] as const).map(
    (event) =>
      `CREATE TRIGGER IF NOT EXISTS begun_by_${event.toLowerCase()} AFTER ${event} ON effects WHEN NEW.applied_at IS NULL ` +
      "BEGIN INSERT INTO history (kind, item, token) VALUES ('begun', NEW.key, NEW.token); END",
  ),
];

const IDEMPOTENCY_WINDOW_MS = 24 * 3_600_000;

export interface HistoryRow {
  readonly kind: 'begun' | 'effect';
  readonly item: string;
  readonly token: number;
}

export const openHistory = (path: string): Promise<EffectStore> =>
  openSqliteEffects({ path, idempotencyWindowMs: IDEMPOTENCY_WINDOW_MS, schema: SCHEMA });

export const effectOf = (item: string, token: number): readonly Statement[] => [
  { sql: "INSERT INTO history (kind, item, token) VALUES ('effect', $1, $2)", params: [item, token] },
];

/** Reads beside those who write. */
export class HistoryReader implements Disposable {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { readOnly: true });
  }

  effects(): ReadonlySet<string> {
    const rows = this.#database.prepare("SELECT DISTINCT item FROM history WHERE kind = 'effect'").all();
    return new Set(rows.map(({ item }) => String(item)));
  }

  rows(): readonly HistoryRow[] {
    const rows = this.#database.prepare('SELECT kind, item, token FROM history ORDER BY place').all();
    return rows as unknown as readonly HistoryRow[];
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
