import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { KitError } from '../../errors.ts';

/** The state of one partition, as an operator uses it: JSON values by their key, in the order of the keys. */
export interface StateView {
  readonly get: (key: string) => unknown;
  readonly put: (key: string, value: unknown) => void;
  readonly delete: (key: string) => void;
  /** From a key on, up to another and without it; as it is now, whatever is changed meanwhile. */
  readonly range: (from: string, to: string) => readonly (readonly [key: string, value: unknown])[];
}

/** One key that a batch changed, as JSON text; null: it is gone. */
export interface StateChange {
  readonly key: string;
  readonly after: string | null;
}

/** How far a partition is. It is committed with the state. */
export interface Progress {
  /** Of the next record of each input. */
  readonly offsets: readonly number[];
  /** The greatest time seen of each input; -1 before the first. */
  readonly times: readonly number[];
  /** Events up to this time were waited for. It never goes back. */
  readonly horizon: number;
}

/** What a file knows beside its state. */
export interface Kept {
  readonly progress: Progress;
  /** What the changelog holds before this offset is in the file. */
  readonly changelogEnd: number;
}

const VERSION = 1;

/**
 * The state of one partition in a file. A batch is one transaction: state and progress, or nothing. The file may be
 * behind the changelog, or lost: it is brought to where that is.
 */
export class StateStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #range: StatementSync;
  readonly #changes = new Map<string, { readonly before: string | null; readonly after: string | null }>();
  readonly view: StateView;

  /** @throws {KitError} `storage-corrupt` for a file of a newer release */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS kept (version INTEGER PRIMARY KEY, value TEXT NOT NULL)`);
    this.#get = this.#database.prepare('SELECT value FROM state WHERE key = ?');
    this.#put = this.#database.prepare(
      'INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.#delete = this.#database.prepare('DELETE FROM state WHERE key = ?');
    this.#range = this.#database.prepare('SELECT key, value FROM state WHERE key >= ? AND key < ? ORDER BY key');
    this.view = {
      get: (key) => jsonOf(this.#text(key)),
      put: (key, value) => this.#change(key, JSON.stringify(value)),
      delete: (key) => this.#change(key, null),
      range: (from, to) =>
        this.#range.all(from, to).map((row) => [row['key'] as string, jsonOf(row['value'] as string)] as const),
    };
  }

  /** Undefined in a file that is new, or of another release. */
  get kept(): Kept | undefined {
    const row = this.#database.prepare('SELECT value FROM kept WHERE version = ?').get(VERSION);
    return row === undefined ? undefined : (JSON.parse(row['value'] as string) as Kept);
  }

  begin(): void {
    this.#changes.clear();
    this.#database.exec('BEGIN IMMEDIATE');
  }

  /** What the batch under way changed. */
  get changes(): readonly StateChange[] {
    return [...this.#changes].flatMap(([key, { before, after }]) => (before === after ? [] : [{ key, after }]));
  }

  commit(kept: Kept): void {
    this.#database.prepare('DELETE FROM kept').run();
    this.#database.prepare('INSERT INTO kept (version, value) VALUES (?, ?)').run(VERSION, JSON.stringify(kept));
    this.#database.exec('COMMIT');
  }

  rollback(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  /** Takes away all of it, within a batch. */
  clear(): void {
    this.#database.exec('DELETE FROM state');
  }

  /** What the changelog says of a key, within a batch. @param text JSON; null: it is gone */
  set(key: string, text: string | null): void {
    if (text === null) this.#delete.run(key);
    else this.#put.run(key, text);
  }

  /** All of it, as JSON texts. */
  get all(): ReadonlyMap<string, string> {
    const rows = this.#database.prepare('SELECT key, value FROM state ORDER BY key').all();
    return new Map(rows.map((row) => [row['key'] as string, row['value'] as string]));
  }

  [Symbol.dispose](): void {
    this.rollback();
    this.#database.close();
  }

  #text(key: string): string | undefined {
    return this.#get.get(key)?.['value'] as string | undefined;
  }

  #change(key: string, after: string | null | undefined): void {
    if (after === undefined)
      throw new KitError('record-malformed', `state ${key}: JSON knows no such value`, { repair: 'keep JSON' });
    const before = this.#changes.has(key) ? (this.#changes.get(key)?.before ?? null) : (this.#text(key) ?? null);
    this.#changes.set(key, { before, after });
    this.set(key, after);
  }
}

const jsonOf = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
