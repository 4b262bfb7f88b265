import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Prepared statements by their text. Beyond the limit the oldest goes: texts are few, values are many. */
export class StatementCache {
  readonly #database: DatabaseSync;
  readonly #limit: number;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, limit: number) {
    this.#database = database;
    this.#limit = limit;
  }

  prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const [oldest] = this.#prepared.keys();
    if (oldest !== undefined && this.#prepared.size >= this.#limit) this.#prepared.delete(oldest);
    this.#prepared.set(sql, statement);
    return statement;
  }
}
