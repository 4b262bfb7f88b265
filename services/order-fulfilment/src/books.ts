import type { Query } from '@penstock/kit/jobs';
import type { Order } from './order.ts';

// The shop's own record, in the database where its jobs lie: what a job does to it is in the transaction that ends the
// job. Every statement decides for itself, so it comes to the same beside whatever else is committed meanwhile.

/** Each safe to run again. `CHECK` is the last line of defence: stock is never below nothing. */
export const BOOKS: readonly string[] = [
  'CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, customer TEXT NOT NULL, total_cents INTEGER NOT NULL)',
  'CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, initial INTEGER NOT NULL, on_hand INTEGER NOT NULL CHECK (on_hand >= 0))',
  `CREATE TABLE IF NOT EXISTS reservations (order_id TEXT PRIMARY KEY, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('held', 'refused', 'returned')))`,
  `CREATE TABLE IF NOT EXISTS entries (order_id TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL,
     cents INTEGER NOT NULL, PRIMARY KEY (order_id, kind, account))`,
  'CREATE TABLE IF NOT EXISTS shipments (order_id TEXT PRIMARY KEY, tracking TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS closings (order_id TEXT PRIMARY KEY, outcome TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS notifications (order_id TEXT PRIMARY KEY, outcome TEXT NOT NULL)',
];

export const takeOrder = ({ id, customer, totalCents }: Order): Query => ({
  sql: 'INSERT INTO orders (order_id, customer, total_cents) VALUES ($1, $2, $3)',
  params: [id, customer, totalCents],
});

export const stockUp = (sku: string, quantity: number): Query => ({
  sql: 'INSERT INTO stock (sku, initial, on_hand) VALUES ($1, $2, $2) ON CONFLICT (sku) DO NOTHING',
  params: [sku, quantity],
});

/** Holds the goods where there are enough of them, and says which it was. */
export const hold = ({ id, sku, quantity }: Order): readonly Query[] => [
  {
    sql: `INSERT INTO reservations (order_id, sku, quantity, state)
          SELECT $1, $2, $3, CASE WHEN on_hand >= $3 THEN 'held' ELSE 'refused' END FROM stock WHERE sku = $2`,
    params: [id, sku, quantity],
  },
  {
    sql: `UPDATE stock SET on_hand = on_hand - $3
          WHERE sku = $2 AND EXISTS (SELECT 1 FROM reservations WHERE order_id = $1 AND state = 'held')`,
    params: [id, sku, quantity],
  },
];

/** Puts held goods back. */
export const putBack = ({ id, sku, quantity }: Order): readonly Query[] => [
  {
    sql: `UPDATE stock SET on_hand = on_hand + $3
          WHERE sku = $2 AND EXISTS (SELECT 1 FROM reservations WHERE order_id = $1 AND state = 'held')`,
    params: [id, sku, quantity],
  },
  { sql: `UPDATE reservations SET state = 'returned' WHERE order_id = $1 AND state = 'held'`, params: [id] },
];

/** Two sides that sum to nothing. */
const booked = (order: string, kind: 'charge' | 'refund', cents: number): readonly Query[] =>
  [
    ['cash', cents],
    ['revenue', -cents],
  ].map(([account, amount]) => ({
    sql: 'INSERT INTO entries (order_id, kind, account, cents) VALUES ($1, $2, $3, $4)',
    params: [order, kind, account as string, amount as number],
  }));

export const bookCharge = ({ id, totalCents }: Order): readonly Query[] => booked(id, 'charge', totalCents);
export const bookRefund = ({ id, totalCents }: Order): readonly Query[] => booked(id, 'refund', -totalCents);

export const bookShipment = (order: string, tracking: string): Query => ({
  sql: 'INSERT INTO shipments (order_id, tracking) VALUES ($1, $2)',
  params: [order, tracking],
});

export const closeAs = (order: string, outcome: string): Query => ({
  sql: 'INSERT INTO closings (order_id, outcome) VALUES ($1, $2)',
  params: [order, outcome],
});

export const noteNotified = (order: string, outcome: string): Query => ({
  sql: 'INSERT INTO notifications (order_id, outcome) VALUES ($1, $2)',
  params: [order, outcome],
});
