import { type EffectStore, openSqliteEffects, type Statement } from '@penstock/kit';

/** An effect store whose one table has no key, on purpose: an effect that is applied twice shows as two rows. */
export const openLedger = (path: string): Promise<EffectStore> =>
  openSqliteEffects({
    path,
    idempotencyWindowMs: 3_600_000,
    schema: ['CREATE TABLE IF NOT EXISTS ledger (item TEXT NOT NULL)'],
  });

/** The effect: one row. */
export const entryOf = (item: string): readonly Statement[] => [
  { sql: 'INSERT INTO ledger (item) VALUES ($1)', params: [item] },
];
