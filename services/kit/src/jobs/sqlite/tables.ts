import type { DatabaseSync } from 'node:sqlite';
import { jobTables } from '../schema.ts';
import { checkVersion } from '../store-version.ts';

/** Of the tables of jobs in a file; undefined without any. */
export function versionOf(database: DatabaseSync): number | undefined {
  const table = database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'job_store'`).get();
  if (table === undefined) return undefined;
  return database.prepare('SELECT version FROM job_store').get()?.['version'] as number | undefined;
}

/** Within a transaction. @throws {KitError} `store-mismatch` */
export function createTables(database: DatabaseSync, path: string, schema: readonly string[]): void {
  if (versionOf(database) === undefined) for (const sql of jobTables('sqlite')) database.exec(sql);
  checkVersion(versionOf(database), path);
  for (const sql of schema) database.exec(sql);
}
