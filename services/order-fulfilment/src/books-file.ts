import { DatabaseSync } from 'node:sqlite';
import { KitError } from '@penstock/kit';
import type { BooksReader } from './handlers.ts';

export interface OpenBooks extends BooksReader {
  close(): void;
}

/**
 * Reads the books beside the thread that writes them.
 *
 * @param url of the job store: the books lie in the same database. This service keeps them in SQLite.
 */
export function openBooks(url: string): OpenBooks {
  if (!url.startsWith('sqlite:'))
    throw new KitError(
      'address-malformed',
      `PENSTOCK_JOBS: received ${JSON.stringify(url)}, expected sqlite:/path/to/file`,
    );
  const database = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true, timeout: 5_000 });
  const reservation = database.prepare('SELECT state FROM reservations WHERE order_id = ?');
  return {
    reservationOf: (order) => reservation.get(order)?.['state'] as ReturnType<BooksReader['reservationOf']>,
    close: () => database.close(),
  };
}
