import { existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Verdict } from './progress.ts';

const NEWER = `
  SELECT rowid AS row, mail_id AS id, verdict, score, attempt, published_at AS publishedAt, done_at AS doneAt
  FROM verdicts WHERE rowid > ? ORDER BY rowid
`;

/** A worker that starts makes the file's tables and its log, and for some milliseconds lets nobody look. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Reads what the workers have stored, in the order it was stored, without being in their way: a read-only connection
 * of its own to the effect store. It asks for what is new and remembers the rest.
 */
export class VerdictReader implements Disposable {
  readonly #path: string;
  readonly #verdicts: Verdict[] = [];
  #database: DatabaseSync | undefined;
  #newer: StatementSync | undefined;
  #lastRow = 0;

  constructor(path: string) {
    this.#path = path;
  }

  all(): readonly Verdict[] {
    const rows = this.#statement()?.all(this.#lastRow) ?? [];
    for (const { row, ...verdict } of rows as unknown as readonly (Verdict & { readonly row: number })[]) {
      this.#verdicts.push(verdict);
      this.#lastRow = row;
    }
    return this.#verdicts;
  }

  /** The store is made by the first worker that starts; until then there is nothing to ask. */
  #statement(): StatementSync | undefined {
    if (this.#newer !== undefined) return this.#newer;
    if (!existsSync(this.#path)) return undefined;
    const database = new DatabaseSync(this.#path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    if (
      database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'verdicts'").get() === undefined
    ) {
      database.close();
      return undefined;
    }
    this.#database = database;
    this.#newer = database.prepare(NEWER);
    return this.#newer;
  }

  [Symbol.dispose](): void {
    this.#database?.close();
  }
}
