import type { DatabaseSync } from 'node:sqlite';
import { Refusal, transact } from '../../sqlite/store-thread.ts';

/** Raised with every change of the tables; a file of a newer version is refused. */
const VERSION = 1;

/**
 * `due_at` is when an item can be taken: its publish time at first, the end of the lease while it is out, the time of
 * the retry after a failure. One index on it serves all three, and taking in its order is fair among them.
 */
const TABLES = `
  CREATE TABLE queues (
    number INTEGER PRIMARY KEY,
    stream TEXT NOT NULL UNIQUE,
    profile TEXT NOT NULL
  );
  CREATE TABLE items (
    item INTEGER PRIMARY KEY AUTOINCREMENT,
    queue INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    token INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 0,
    published_at INTEGER NOT NULL,
    key TEXT NOT NULL,
    headers TEXT,
    history TEXT,
    payload BLOB NOT NULL
  );
  CREATE INDEX items_by_due ON items (queue, due_at, item);
  CREATE TABLE keys (
    queue INTEGER NOT NULL,
    key TEXT NOT NULL,
    item INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (queue, key)
  ) WITHOUT ROWID;
  CREATE INDEX keys_by_expiry ON keys (expires_at);
  CREATE TABLE dead_letters (
    item INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    dead_at INTEGER NOT NULL,
    key TEXT NOT NULL,
    headers TEXT,
    history TEXT,
    payload BLOB NOT NULL
  );
  CREATE INDEX dead_letters_by_time ON dead_letters (queue, dead_at, item);
  CREATE TABLE fencing (token INTEGER NOT NULL);
  INSERT INTO fencing VALUES (0);
  PRAGMA user_version = ${VERSION};
`;

const versionOf = (database: DatabaseSync): number =>
  (database.prepare('PRAGMA user_version').get() as { readonly user_version: number }).user_version;

/** Makes the tables in a new file. Several processes may come here at once. */
export function createTables(database: DatabaseSync): void {
  transact(database, () => {
    if (versionOf(database) === 0) database.exec(TABLES);
  });
}

/** @throws {Refusal} `queue-missing` for a file without our tables, `storage-failed` for one of another version */
export function checkVersion(database: DatabaseSync, path: string): void {
  const version = versionOf(database);
  if (version === VERSION) return;
  if (version === 0)
    throw new Refusal('queue-missing', `${path} holds no queues`, 'provision them: `penstock up` does on this machine');
  throw new Refusal(
    'storage-failed',
    `${path} is of version ${version}, this program knows ${VERSION}`,
    'run the release that wrote it, or a newer one',
  );
}
