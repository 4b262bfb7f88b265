import type { DatabaseSync } from 'node:sqlite';
import { KitError } from '../errors.ts';
import { type Ask, askingOf, type PostgresClient } from '../postgres/connection.ts';
import { faultOf as postgresFaultOf } from '../postgres/faults.ts';
import { type Query, type Row, runAsync, runSync, type Script } from '../sql/script.ts';
import { asking } from '../sql/sqlite-asking.ts';
import { errorOf } from '../sqlite/store-client.ts';
import { faultOf as sqliteFaultOf } from '../sqlite/store-thread.ts';
import { noEvents } from './database-version.ts';

const asks = new WeakMap<DatabaseSync, (query: Query) => readonly Row[]>();

/**
 * Runs a script in a transaction that the caller has open on a file. A failure takes back what the script did, and
 * leaves the transaction to the caller.
 *
 * @throws {KitError} as the script; `store-refused` outside a transaction; `store-missing`
 */
export function withinSqlite<Result>(database: DatabaseSync, script: Script<Result>): Result {
  if (!database.isTransaction) {
    throw new KitError('store-refused', 'the connection is in no transaction', {
      repair: 'begin one, so that all is done or nothing',
    });
  }
  const path = database.location() ?? 'the database';
  const ask = asks.get(database) ?? asking(database);
  asks.set(database, ask);
  database.exec('SAVEPOINT penstock_events');
  try {
    const result = runSync(script, ask);
    database.exec('RELEASE penstock_events');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK TO penstock_events; RELEASE penstock_events');
    if (KitError.is(error)) throw error;
    if (error instanceof Error && error.message.startsWith('no such table: event')) throw noEvents(path, error);
    throw errorOf(sqliteFaultOf(error, path));
  }
}

/** As `withinSqlite`, on a client that is in a transaction. @param after is asked when the script is done */
export async function withinPostgres<Result>(
  client: PostgresClient,
  script: Script<Result>,
  after: (ask: Ask) => Promise<unknown> = async () => {},
): Promise<Result> {
  const ask = askingOf(client, false);
  try {
    // Refused outside a transaction.
    await ask('SAVEPOINT penstock_events');
    try {
      const result = await runAsync(script, ({ sql, params }) => ask(sql, params));
      await after(ask);
      await ask('RELEASE SAVEPOINT penstock_events');
      return result;
    } catch (error) {
      await ask('ROLLBACK TO SAVEPOINT penstock_events');
      throw error;
    }
  } catch (error) {
    throw postgresFaultOf(error, 'the transaction');
  }
}
