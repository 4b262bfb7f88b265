import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Ask, PostgresClient } from '../../postgres/connection.ts';
import { CHANNEL } from '../postgres/channel.ts';
import { append } from '../scripts/outbox.ts';
import { withinPostgres, withinSqlite } from '../within.ts';
import type { OutboxEvent } from './outbox-event.ts';

/**
 * Writes events in a transaction that the caller has open on the database of its rows: with them, or not at all. A
 * failure takes back the events alone and leaves the transaction to the caller.
 *
 * @param tx a `DatabaseSync` on the file: it is done when this returns; or a client of `pg`: await it before the commit
 * @throws {KitError} `record-malformed`; `store-refused` outside a transaction; `store-missing`
 */
export function appendWithin(tx: DatabaseSync, events: readonly OutboxEvent[]): void;
export function appendWithin(tx: PostgresClient, events: readonly OutboxEvent[]): Promise<void>;
export function appendWithin(tx: DatabaseSync | PostgresClient, events: readonly OutboxEvent[]): void | Promise<void> {
  if (!('query' in tx)) return withinSqlite(tx, append(events, Date.now()));
  return withinPostgres(tx, ordered(events), wakeIdle);
}

/**
 * On PostgreSQL numbers are given out before the commit. Transactions that tell of one aggregate follow each other from
 * here on, so that the numbers of its events are in the order of their commits.
 */
function* ordered(events: readonly OutboxEvent[]) {
  const locks = new Set(events.map(({ aggregateType, aggregateId }) => lockOf(`${aggregateType}\0${aggregateId}`)));
  // In one order, so that nobody waits in a circle.
  for (const lock of [...locks].sort((a, b) => a - b))
    yield { sql: 'SELECT 1 AS locked FROM pg_advisory_xact_lock($1, $2)', params: [OUTBOX_LOCK, lock] };
  yield* append(events, Date.now());
}

/** Any number that is the same in every release. */
const OUTBOX_LOCK = 7_365_002;

const lockOf = (text: string): number => createHash('sha1').update(text).digest().readInt32BE();

/**
 * Only a relay that has nothing to do is told: PostgreSQL lets those that notify commit one after the other, each with
 * its fsync, so a busy outbox would lose its group commit. One that falls asleep at this moment looks by itself soon.
 */
const wakeIdle = (ask: Ask): Promise<unknown> =>
  ask(`SELECT pg_notify('${CHANNEL}', '') AS told FROM event_leads WHERE is_idle = 1 LIMIT 1`);
