import { openSqliteScripts } from '../../sql/sqlite-script-store.ts';
import { errorOf } from '../../sqlite/store-client.ts';
import { faultOf, openDatabase, transact } from '../../sqlite/store-thread.ts';
import type { EventDatabase, ProvisionEventsOptions } from '../event-database.ts';
import { EVENT_WAKES, type EventScripts } from '../scripts/index.ts';
import { createTables } from './sqlite-tables.ts';

/**
 * Events in one file, on a local disk: never on a network file system. Several processes may have it open.
 *
 * @throws {KitError} `store-missing`, `store-mismatch`, `storage-corrupt`, `storage-failed`
 */
export async function openSqliteEvents(path: string): Promise<EventDatabase> {
  const store = await openSqliteScripts<EventScripts>(new URL('./thread.ts', import.meta.url), path, EVENT_WAKES);
  return Object.assign(store, { dialect: 'sqlite' as const });
}

/** Makes the tables, and the file when there is none. @throws {KitError} `store-mismatch`, `storage-corrupt`, `storage-full`, `storage-failed` */
export function provisionSqliteEvents(path: string, { schema = [] }: ProvisionEventsOptions): void {
  try {
    const database = openDatabase(path);
    try {
      transact(database, () => createTables(database, path, schema));
    } finally {
      database.close();
    }
  } catch (error) {
    throw errorOf(faultOf(error, path));
  }
}
