import type { DatabaseSync } from 'node:sqlite';
import { checkVersion } from '../database-version.ts';
import { EVENTS_VERSION, eventTables } from '../schema.ts';

/** Of the tables of events in a file; undefined without any. */
export function versionOf(database: DatabaseSync): number | undefined {
  const table = database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'event_database'`).get();
  if (table === undefined) return undefined;
  return database.prepare('SELECT version FROM event_database').get()?.['version'] as number | undefined;
}

/** Within a transaction. @throws {KitError} `store-mismatch` */
export function createTables(database: DatabaseSync, path: string, schema: readonly string[]): void {
  // What a release added is made in a database that an older one made.
  if ((versionOf(database) ?? 0) < EVENTS_VERSION) for (const sql of eventTables('sqlite')) database.exec(sql);
  checkVersion(versionOf(database), path);
  for (const sql of schema) database.exec(sql);
}
