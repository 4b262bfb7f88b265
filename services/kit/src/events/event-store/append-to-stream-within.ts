import type { DatabaseSync } from 'node:sqlite';
import type { PostgresClient } from '../../postgres/connection.ts';
import { appendToStream } from '../scripts/streams.ts';
import { withinPostgres, withinSqlite } from '../within.ts';
import type { StreamAppend, StreamReceipt } from './stored-event.ts';

/**
 * Appends to a stream in a transaction that the caller has open: with its own rows, or not at all.
 *
 * @param tx a `DatabaseSync` on the file, or a client of `pg`
 * @throws {KitError} `stream-conflict`, `record-malformed`; `store-refused` outside a transaction; `store-missing`
 */
export function appendToStreamWithin(tx: DatabaseSync, append: StreamAppend): StreamReceipt;
export function appendToStreamWithin(tx: PostgresClient, append: StreamAppend): Promise<StreamReceipt>;
export function appendToStreamWithin(
  tx: DatabaseSync | PostgresClient,
  append: StreamAppend,
): StreamReceipt | Promise<StreamReceipt> {
  const script = appendToStream(append, Date.now());
  return 'query' in tx ? withinPostgres(tx, script) : withinSqlite(tx, script);
}
