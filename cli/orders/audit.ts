import { DatabaseSync } from 'node:sqlite';
import type { Order } from '@penstock/order-fulfilment/order';
import type { ProviderBooks } from './provider-peer.ts';

/** One thing that has to hold between the orders, the shop's books and those of the providers. */
export interface AuditFinding {
  readonly title: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface Audit {
  readonly findings: readonly AuditFinding[];
  /** Orders by what became of them. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Cents that the shop keeps. */
  readonly cash: number;
}

/** Reads the books as they are in the file; nothing of what the services say of themselves is believed. */
export class Books {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  }

  /** Orders whose customer was told. */
  get finished(): number {
    return this.#number('SELECT count(*) AS n FROM notifications');
  }

  audit(orders: readonly Order[], providers: ProviderBooks): Audit {
    const closings = this.#pairs('SELECT order_id AS key, outcome AS value FROM closings');
    const outcomes = new Map<string, number>();
    for (const outcome of closings.values()) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const closedAs = (outcome: string): readonly Order[] => orders.filter(({ id }) => closings.get(id) === outcome);
    const fulfilled = closedAs('fulfilled');
    const returned = closedAs('returned');
    const centsOf = (some: readonly Order[]): number => some.reduce((sum, { totalCents }) => sum + totalCents, 0);
    const cash = this.#number(`SELECT coalesce(sum(cents), 0) AS n FROM entries WHERE account = 'cash'`);
    const kept = total(providers.charges) - total(providers.refunds);
    const equal = (title: string, unit: string, ...values: readonly number[]): AuditFinding => ({
      title,
      holds: values.every((value) => value === values[0]),
      detail: values.map((value) => value.toLocaleString('en')).join(' = ') + ` ${unit}`,
    });
    return {
      cash,
      outcomes,
      findings: [
        equal(
          'every order was taken and closed once',
          'orders',
          orders.length,
          this.#number('SELECT count(*) AS n FROM orders'),
          closings.size,
        ),
        equal('every customer was told once', 'messages', orders.length, this.finished, providers.messages.size),
        equal(
          'every entry has its other side',
          'cents',
          this.#number('SELECT coalesce(sum(cents), 0) AS n FROM entries'),
          0,
        ),
        equal('cash is what the provider holds and what was fulfilled', 'cents', cash, kept, centsOf(fulfilled)),
        equal(
          'what was charged for returned orders was paid back',
          'cents',
          total(providers.refunds),
          centsOf(returned),
        ),
        equal(
          'every fulfilled order has one parcel',
          'parcels',
          fulfilled.length,
          this.#number('SELECT count(*) AS n FROM shipments'),
          providers.parcels.size,
        ),
        equal(
          'what left the stock was fulfilled',
          'pieces',
          this.#number('SELECT coalesce(sum(initial - on_hand), 0) AS n FROM stock'),
          fulfilled.reduce((sum, { quantity }) => sum + quantity, 0),
        ),
        equal(
          'no job is open',
          'jobs',
          this.#number(`SELECT count(*) AS n FROM jobs WHERE state NOT IN ('succeeded', 'failed', 'cancelled')`),
          0,
        ),
      ],
    };
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #number(sql: string): number {
    return this.#database.prepare(sql).get()?.['n'] as number;
  }

  #pairs(sql: string): ReadonlyMap<string, string> {
    const rows = this.#database.prepare(sql).all() as { readonly key: string; readonly value: string }[];
    return new Map(rows.map(({ key, value }) => [key, value]));
  }
}

const total = (amounts: ReadonlyMap<string, number>): number => [...amounts.values()].reduce((sum, n) => sum + n, 0);
