import { DatabaseSync } from 'node:sqlite';
import type { Query } from '@penstock/kit/jobs';

export interface ShopTransaction {
  readonly database: DatabaseSync;
  readonly run: (query: Query) => void;
}

/** The shop's database as its own code has it open, beside the workers. */
export class ShopFile {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 10_000 });
    this.#database.exec('PRAGMA synchronous = FULL');
  }

  transact(work: (tx: ShopTransaction) => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work({ database: this.#database, run: (query) => this.#run(query) });
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #run({ sql, params }: Query): void {
    this.#database.prepare(sql).run(Object.fromEntries(params.map((value, index) => [`$${index + 1}`, value])));
  }
}
