import type { DatabaseSync } from 'node:sqlite';
import type { PostgresClient } from '../postgres/connection.ts';
import type { AddReceipt, NewJob } from './job.ts';
import { addWithinPostgres } from './postgres/add-within.ts';
import { addWithinSqlite } from './sqlite/add-within.ts';

/**
 * Adds jobs in a transaction that the caller has open on the database they lie in: with its own rows, or not at all.
 * A failure takes back the jobs alone and leaves the transaction to the caller.
 *
 * @param tx a `DatabaseSync` on the file: it is done when this returns; or a client of `pg`: await it before the commit
 * @throws {KitError} as the script `add` says; `store-refused` outside a transaction; `store-missing`
 */
export function addWithin(tx: DatabaseSync, jobs: readonly NewJob[]): readonly AddReceipt[];
export function addWithin(tx: PostgresClient, jobs: readonly NewJob[]): Promise<readonly AddReceipt[]>;
export function addWithin(
  tx: DatabaseSync | PostgresClient,
  jobs: readonly NewJob[],
): readonly AddReceipt[] | Promise<readonly AddReceipt[]> {
  return 'query' in tx ? addWithinPostgres(tx, jobs) : addWithinSqlite(tx, jobs);
}
