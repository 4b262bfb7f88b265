import { COLUMN_TYPES, type Dialect } from '../sql/dialect.ts';
import { sagaTables } from './sagas/saga-tables.ts';

/** Raised with every change of the tables; a database of a newer version is refused. */
export const EVENTS_VERSION = 2;

/** The transaction that writes, where numbers are given out before the commit. */
const TRANSACTION = { sqlite: '0', postgres: '(pg_current_xact_id()::text::bigint)' } as const;

/**
 * Statements that make the tables, each safe to run again. The outbox has the columns that Debezium's outbox event
 * router reads. `tx` is the transaction that wrote an event: on PostgreSQL numbers are given out before the commit, so
 * readers go by the transactions that are over, and by the number within one.
 */
export function eventTables(dialect: Dialect): readonly string[] {
  const { bytes, number, sequence } = COLUMN_TYPES[dialect];
  return [
    `CREATE TABLE IF NOT EXISTS event_database (version ${number} PRIMARY KEY)`,
    `INSERT INTO event_database (version) SELECT ${EVENTS_VERSION} WHERE NOT EXISTS (SELECT 1 FROM event_database)`,
    `CREATE TABLE IF NOT EXISTS event_outbox (
      seq ${sequence},
      id TEXT NOT NULL UNIQUE,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      type TEXT NOT NULL,
      payload ${bytes},
      headers TEXT,
      created_at ${number} NOT NULL,
      refused TEXT
    )`,
    `CREATE INDEX IF NOT EXISTS event_outbox_refused ON event_outbox (aggregatetype, aggregateid)
      WHERE refused IS NOT NULL`,
    // A term is one leader's time: whoever leads after it has a greater one.
    `CREATE TABLE IF NOT EXISTS event_leads (
      role TEXT PRIMARY KEY,
      owner TEXT,
      leads_until ${number} NOT NULL,
      term ${number} NOT NULL,
      is_idle ${number} NOT NULL DEFAULT 0
    )`,
    `CREATE TABLE IF NOT EXISTS event_inbox (
      consumer TEXT NOT NULL,
      message TEXT NOT NULL,
      handled_at ${number} NOT NULL,
      PRIMARY KEY (consumer, message)
    )`,
    'CREATE INDEX IF NOT EXISTS event_inbox_by_time ON event_inbox (handled_at)',
    `CREATE TABLE IF NOT EXISTS event_fences (
      consumer TEXT NOT NULL,
      source TEXT NOT NULL,
      epoch ${number} NOT NULL,
      PRIMARY KEY (consumer, source)
    )`,
    `CREATE TABLE IF NOT EXISTS event_streams (stream TEXT PRIMARY KEY, version ${number} NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS event_records (
      position ${sequence},
      tx ${number} NOT NULL DEFAULT ${TRANSACTION[dialect]},
      stream TEXT NOT NULL,
      version ${number} NOT NULL,
      id TEXT NOT NULL,
      type TEXT NOT NULL,
      payload ${bytes} NOT NULL,
      headers TEXT,
      appended_at ${number} NOT NULL,
      UNIQUE (stream, version),
      UNIQUE (stream, id)
    )`,
    'CREATE INDEX IF NOT EXISTS event_records_in_order ON event_records (tx, position)',
    `CREATE TABLE IF NOT EXISTS event_snapshots (
      stream TEXT PRIMARY KEY,
      version ${number} NOT NULL,
      shape ${number} NOT NULL,
      state ${bytes} NOT NULL
    )`,
    `CREATE TABLE IF NOT EXISTS event_projections (
      name TEXT NOT NULL,
      version ${number} NOT NULL,
      is_active ${number} NOT NULL DEFAULT 0,
      tx ${number} NOT NULL DEFAULT 0,
      position ${number} NOT NULL DEFAULT 0,
      PRIMARY KEY (name, version)
    )`,
    ...sagaTables(dialect),
    `UPDATE event_database SET version = ${EVENTS_VERSION} WHERE version < ${EVENTS_VERSION}`,
  ];
}
