import { askingOf, type PostgresClient } from '../../postgres/connection.ts';
import { faultOf } from '../../postgres/faults.ts';
import type { AddReceipt, NewJob } from '../job.ts';
import { runAsync } from '../script.ts';
import { add } from '../scripts/add.ts';
import { CHANNEL } from './channel.ts';

/** On a client that is in a transaction. Dispatchers are woken when the caller commits. */
export async function addWithinPostgres(
  client: PostgresClient,
  jobs: readonly NewJob[],
): Promise<readonly AddReceipt[]> {
  const ask = askingOf(client, false);
  try {
    // Refused outside a transaction.
    await ask('SAVEPOINT penstock_add');
    try {
      const receipts = await runAsync(add(jobs), ({ sql, params }) => ask(sql, params));
      await ask(`NOTIFY ${CHANNEL}`);
      await ask('RELEASE SAVEPOINT penstock_add');
      return receipts;
    } catch (error) {
      await ask('ROLLBACK TO SAVEPOINT penstock_add');
      throw error;
    }
  } catch (error) {
    throw faultOf(error, 'the transaction');
  }
}
