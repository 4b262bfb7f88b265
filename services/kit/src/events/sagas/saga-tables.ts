import { COLUMN_TYPES, type Dialect } from '../../sql/dialect.ts';

/** Statements that make the tables of sagas, each safe to run again. */
export function sagaTables(dialect: Dialect): readonly string[] {
  const { bytes, number, sequence } = COLUMN_TYPES[dialect];
  return [
    `CREATE TABLE IF NOT EXISTS event_sagas (
      saga TEXT NOT NULL,
      id TEXT NOT NULL,
      definition ${number} NOT NULL,
      status TEXT NOT NULL,
      step TEXT NOT NULL,
      direction TEXT NOT NULL,
      attempt ${number} NOT NULL,
      due_at ${number},
      version ${number} NOT NULL,
      state ${bytes} NOT NULL,
      correlation TEXT NOT NULL,
      reason TEXT,
      started_at ${number} NOT NULL,
      updated_at ${number} NOT NULL,
      PRIMARY KEY (saga, id)
    )`,
    'CREATE INDEX IF NOT EXISTS event_sagas_due ON event_sagas (saga, due_at) WHERE due_at IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS event_sagas_by_status ON event_sagas (status, updated_at)',
    `CREATE TABLE IF NOT EXISTS event_saga_mail (
      seq ${sequence},
      saga TEXT NOT NULL,
      id TEXT NOT NULL,
      message TEXT NOT NULL,
      step TEXT,
      direction TEXT,
      type TEXT NOT NULL,
      payload ${bytes} NOT NULL,
      correlation TEXT NOT NULL,
      refused TEXT
    )`,
    'CREATE INDEX IF NOT EXISTS event_saga_mail_by_saga ON event_saga_mail (saga, id)',
    `CREATE TABLE IF NOT EXISTS event_saga_history (
      seq ${sequence},
      saga TEXT NOT NULL,
      id TEXT NOT NULL,
      at ${number} NOT NULL,
      what TEXT NOT NULL,
      step TEXT NOT NULL,
      direction TEXT NOT NULL,
      attempt ${number} NOT NULL,
      detail TEXT,
      message TEXT,
      status TEXT NOT NULL
    )`,
    'CREATE INDEX IF NOT EXISTS event_saga_history_by_saga ON event_saga_history (saga, id, seq)',
    `CREATE TABLE IF NOT EXISTS event_saga_answers (
      participant TEXT NOT NULL,
      command TEXT NOT NULL,
      is_done ${number} NOT NULL,
      type TEXT,
      payload ${bytes},
      at ${number} NOT NULL,
      PRIMARY KEY (participant, command)
    )`,
    'CREATE INDEX IF NOT EXISTS event_saga_answers_by_time ON event_saga_answers (at)',
    `CREATE TABLE IF NOT EXISTS event_chain_links (
      consumer TEXT NOT NULL,
      message TEXT NOT NULL,
      correlation TEXT NOT NULL,
      type TEXT NOT NULL,
      caused_by TEXT,
      told TEXT NOT NULL,
      at ${number} NOT NULL,
      PRIMARY KEY (consumer, message)
    )`,
    'CREATE INDEX IF NOT EXISTS event_chain_links_by_correlation ON event_chain_links (correlation)',
  ];
}
