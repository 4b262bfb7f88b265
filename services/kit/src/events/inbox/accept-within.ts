import type { DatabaseSync } from 'node:sqlite';
import type { PostgresClient } from '../../postgres/connection.ts';
import { accept } from '../scripts/inbox.ts';
import { withinPostgres, withinSqlite } from '../within.ts';

export interface Acceptance {
  readonly consumer: string;
  /** The same for every delivery of the message. */
  readonly message: string;
  /** For how long it is remembered, in milliseconds. @default 7 days */
  readonly windowMs?: number;
}

/** For how long a message is remembered where nobody says otherwise. */
export const INBOX_WINDOW_MS = 7 * 24 * 3_600_000;

/**
 * Whether a message is new to a consumer, asked in the transaction of its effect: a second delivery is refused once that
 * is committed, and waits for it until then.
 *
 * @param tx a `DatabaseSync` on the file, or a client of `pg`
 * @throws {KitError} `store-refused` outside a transaction; `store-missing`
 */
export function acceptWithin(tx: DatabaseSync, acceptance: Acceptance): boolean;
export function acceptWithin(tx: PostgresClient, acceptance: Acceptance): Promise<boolean>;
export function acceptWithin(
  tx: DatabaseSync | PostgresClient,
  { consumer, message, windowMs = INBOX_WINDOW_MS }: Acceptance,
): boolean | Promise<boolean> {
  const script = accept(consumer, message, Date.now(), windowMs);
  return 'query' in tx ? withinPostgres(tx, script) : withinSqlite(tx, script);
}
