import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { CompatibilityLevel, SchemaFormat, SchemaReference } from '@penstock/kit/schemas';

/** What a schema is kept with beside its text: what clients put there, unread. */
export interface SchemaExtras {
  readonly metadata?: unknown;
  readonly ruleSet?: unknown;
}

export interface StoredSchema {
  readonly id: number;
  readonly guid: string;
  readonly format: SchemaFormat;
  readonly text: string;
  readonly references: readonly SchemaReference[];
  readonly extras: SchemaExtras;
}

export interface StoredVersion {
  readonly subject: string;
  readonly version: number;
  readonly schemaId: number;
  readonly isDeleted: boolean;
}

export const MODES = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT', 'FORWARD'] as const;

export type RegistryMode = (typeof MODES)[number];

/** What holds for a subject, a context (`:.name:`) or all (an empty name). */
export interface StoredConfig {
  readonly compatibilityLevel?: CompatibilityLevel;
  readonly normalize?: boolean;
  readonly mode?: RegistryMode;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS schemas (
    id INTEGER PRIMARY KEY, guid TEXT NOT NULL UNIQUE, format TEXT NOT NULL, text TEXT NOT NULL,
    refs TEXT NOT NULL, extras TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS versions (
    subject TEXT NOT NULL, version INTEGER NOT NULL, schema_id INTEGER NOT NULL REFERENCES schemas (id),
    is_deleted INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (subject, version)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS versions_by_schema ON versions (schema_id);
  CREATE TABLE IF NOT EXISTS schema_uses (
    user_id INTEGER NOT NULL REFERENCES schemas (id), subject TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (subject, version, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS configs (subject TEXT PRIMARY KEY, config TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

type Row = Readonly<Record<string, SQLInputValue>>;

/** Subjects, their versions and schemas in an SQLite file. Every call is one commit, durable when it returns. */
export class SchemaStore {
  readonly #database: DatabaseSync;

  /** @param path a file, or `:memory:` */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 10_000 });
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    this.#database.exec(TABLES);
  }

  close(): void {
    this.#database.close();
  }

  /** Runs `work` in one write transaction. */
  transact<T>(work: () => T): T {
    if (this.#database.isTransaction) return work();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  schema(id: number): StoredSchema | undefined {
    return this.#schemas('WHERE id = ?', id)[0];
  }

  schemaByGuid(guid: string): StoredSchema | undefined {
    return this.#schemas('WHERE guid = ?', guid)[0];
  }

  largestId(): number {
    return Number(this.#rows('SELECT coalesce(max(id), 0) AS id FROM schemas')[0]?.['id']);
  }

  addSchema({ id, guid, format, text, references, extras }: StoredSchema): void {
    this.#run(
      'INSERT INTO schemas (id, guid, format, text, refs, extras) VALUES (?, ?, ?, ?, ?, ?)',
      id,
      guid,
      format,
      text,
      JSON.stringify(references),
      JSON.stringify(extras),
    );
    for (const { subject, version } of references)
      this.#run('INSERT OR IGNORE INTO schema_uses (user_id, subject, version) VALUES (?, ?, ?)', id, subject, version);
  }

  /** Oldest first, the deleted ones included. */
  versions(subject: string): readonly StoredVersion[] {
    return this.#versions('WHERE subject = ? ORDER BY version', subject);
  }

  versionsOf(schemaId: number): readonly StoredVersion[] {
    return this.#versions('WHERE schema_id = ? ORDER BY subject, version', schemaId);
  }

  everyVersion(): readonly StoredVersion[] {
    return this.#versions('ORDER BY subject, version');
  }

  addVersion({ subject, version, schemaId }: Omit<StoredVersion, 'isDeleted'>): void {
    this.#run('INSERT INTO versions (subject, version, schema_id) VALUES (?, ?, ?)', subject, version, schemaId);
  }

  hideVersion(subject: string, version: number): void {
    this.#run('UPDATE versions SET is_deleted = 1 WHERE subject = ? AND version = ?', subject, version);
  }

  removeVersion(subject: string, version: number): void {
    this.#run('DELETE FROM versions WHERE subject = ? AND version = ?', subject, version);
  }

  /** Ids of schemas that use a version and are themselves a version of some subject. */
  usersOf(subject: string, version: number): readonly number[] {
    const rows = this.#rows(
      `SELECT user_id FROM schema_uses WHERE subject = ? AND version = ?
       AND EXISTS (SELECT 1 FROM versions WHERE schema_id = user_id AND is_deleted = 0) ORDER BY user_id`,
      subject,
      version,
    );
    return rows.map((row) => Number(row['user_id']));
  }

  config(subject: string): StoredConfig {
    const [row] = this.#rows('SELECT config FROM configs WHERE subject = ?', subject);
    return row === undefined ? {} : (JSON.parse(String(row['config'])) as StoredConfig);
  }

  setConfig(subject: string, config: StoredConfig): void {
    this.#run(
      'INSERT INTO configs VALUES (?, ?) ON CONFLICT DO UPDATE SET config = excluded.config',
      subject,
      JSON.stringify(config),
    );
  }

  #schemas(where: string, ...values: readonly SQLInputValue[]): readonly StoredSchema[] {
    return this.#rows(`SELECT * FROM schemas ${where}`, ...values).map((row) => ({
      id: Number(row['id']),
      guid: String(row['guid']),
      format: String(row['format']) as SchemaFormat,
      text: String(row['text']),
      references: JSON.parse(String(row['refs'])) as readonly SchemaReference[],
      extras: JSON.parse(String(row['extras'])) as SchemaExtras,
    }));
  }

  #versions(where: string, ...values: readonly SQLInputValue[]): readonly StoredVersion[] {
    return this.#rows(`SELECT * FROM versions ${where}`, ...values).map((row) => ({
      subject: String(row['subject']),
      version: Number(row['version']),
      schemaId: Number(row['schema_id']),
      isDeleted: row['is_deleted'] === 1,
    }));
  }

  #rows(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#database.prepare(sql).all(...values) as readonly Row[];
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }
}
