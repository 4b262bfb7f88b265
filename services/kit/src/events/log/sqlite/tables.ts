import type { DatabaseSync } from 'node:sqlite';
import { KitError } from '../../../errors.ts';
import { errorOf } from '../../../sqlite/store-client.ts';
import { faultOf, openDatabase, transact } from '../../../sqlite/store-thread.ts';
import { LOG_TABLES, LOG_UPGRADES, LOG_VERSION } from './schema.ts';

export const noLog = (path: string): KitError =>
  new KitError('store-missing', `${path} holds no log`, {
    repair: 'provision its topics: `penstock up` does on this machine',
  });

/** @throws {KitError} `store-missing`, `store-mismatch` */
export function checkVersion(database: DatabaseSync, path: string): void {
  const version = versionOf(database);
  if (version === LOG_VERSION) return;
  if (version === undefined) throw noLog(path);
  throw new KitError('store-mismatch', `${path}: a log of version ${version}, this program knows ${LOG_VERSION}`, {
    repair:
      version > LOG_VERSION
        ? 'run the release that made it, or a newer one'
        : 'provision it again: that brings its tables to this release',
  });
}

/** Makes the tables, or brings older ones to this version; makes the file when there is none. @throws {KitError} as `checkVersion`; `storage-full`, `storage-failed` */
export function createTables(path: string): void {
  try {
    const database = openDatabase(path);
    try {
      transact(database, () => {
        if (versionOf(database) === undefined) for (const sql of LOG_TABLES) database.exec(sql);
        for (let version = versionOf(database); ; version = versionOf(database)) {
          const upgrade = version === undefined ? undefined : LOG_UPGRADES[version];
          if (upgrade === undefined) break;
          for (const sql of upgrade) database.exec(sql);
        }
      });
      checkVersion(database, path);
    } finally {
      database.close();
    }
  } catch (error) {
    throw errorOf(faultOf(error, path));
  }
}

function versionOf(database: DatabaseSync): number | undefined {
  const table = database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'log_store'`).get();
  if (table === undefined) return undefined;
  return database.prepare('SELECT version FROM log_store').get()?.['version'] as number | undefined;
}
