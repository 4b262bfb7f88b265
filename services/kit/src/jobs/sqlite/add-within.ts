import type { DatabaseSync } from 'node:sqlite';
import { KitError } from '../../errors.ts';
import { asking } from '../../sql/sqlite-asking.ts';
import { errorOf } from '../../sqlite/store-client.ts';
import { faultOf } from '../../sqlite/store-thread.ts';
import type { AddReceipt, NewJob } from '../job.ts';
import { type Query, type Row, runSync } from '../script.ts';
import { add } from '../scripts/add.ts';
import { storeMissing } from '../store-version.ts';

const asks = new WeakMap<DatabaseSync, (query: Query) => readonly Row[]>();

/** On the file that the jobs lie in. Dispatchers see it when the caller commits. */
export function addWithinSqlite(database: DatabaseSync, jobs: readonly NewJob[]): readonly AddReceipt[] {
  if (!database.isTransaction) {
    throw new KitError('store-refused', 'the connection is in no transaction', {
      repair: 'begin one, so that the jobs are added with the rows they belong to',
    });
  }
  const path = database.location() ?? 'the database';
  const ask = asks.get(database) ?? asking(database);
  asks.set(database, ask);
  database.exec('SAVEPOINT penstock_add');
  try {
    const receipts = runSync(add(jobs), ask);
    database.exec('RELEASE penstock_add');
    return receipts;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK TO penstock_add; RELEASE penstock_add');
    if (KitError.is(error)) throw error;
    if (error instanceof Error && error.message.startsWith('no such table: job')) throw storeMissing(path, error);
    throw errorOf(faultOf(error, path));
  }
}
