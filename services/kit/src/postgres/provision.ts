import type { Ask } from './connection.ts';
import type { PostgresTransactions } from './transactions.ts';

/** Any number that is the same in every release. */
const PROVISION_LOCK = 7_365_001;

/** Makes tables, one process after the other: CREATE TABLE IF NOT EXISTS fails when two come at once. */
export async function provision(transactions: PostgresTransactions, make: (ask: Ask) => Promise<void>): Promise<void> {
  await transactions.run(async (ask) => {
    await ask('SELECT 1 AS locked FROM pg_advisory_xact_lock($1)', [PROVISION_LOCK]);
    await make(ask);
  });
}
