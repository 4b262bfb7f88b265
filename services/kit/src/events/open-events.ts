import { type Engines, engineOf, pathOf, SQL_ADDRESS } from '../sql/engine-of.ts';
import type { EventDatabase, ProvisionEventsOptions } from './event-database.ts';

const FORM = { what: 'events', expected: SQL_ADDRESS };

interface Backend {
  readonly open: (url: string) => Promise<EventDatabase>;
  readonly provision: (url: string, options: ProvisionEventsOptions) => Promise<void>;
}

const sqlite = async (): Promise<Backend> => {
  const { openSqliteEvents, provisionSqliteEvents } = await import('./sqlite/sqlite-events.ts');
  return {
    open: (url) => openSqliteEvents(pathOf(url)),
    provision: async (url, options) => provisionSqliteEvents(pathOf(url), options),
  };
};

const postgres = async (): Promise<Backend> => {
  const { openPostgresEvents, provisionPostgresEvents } = await import('./postgres/postgres-events.ts');
  return {
    open: (url) => openPostgresEvents({ url }),
    provision: (url, options) => provisionPostgresEvents({ url, ...options }),
  };
};

const BACKENDS: Engines<Backend> = new Map([
  ['sqlite', sqlite],
  ['postgres', postgres],
  ['postgresql', postgres],
]);

/**
 * Opens the events at an address. The tables are there already: `provisionEvents` made them.
 *
 * @param url `sqlite:/path/to/file`, or `postgres://user@host:port/database` with `?passwordFile=` and what else
 * PostgreSQL knows, e.g. `sslmode=verify-full`
 * @throws {KitError} `address-malformed`, `store-missing`, `store-mismatch`, `store-unreachable`, `store-refused`,
 * `storage-corrupt`
 */
export async function openEvents(url: string): Promise<EventDatabase> {
  return (await engineOf(url, BACKENDS, FORM)).open(url);
}

/**
 * Infrastructure's part: makes the tables where there are none. One that is there already stays as it is.
 *
 * @throws {KitError} as `openEvents`, and `storage-full`
 */
export async function provisionEvents(url: string, options: ProvisionEventsOptions = {}): Promise<void> {
  await (await engineOf(url, BACKENDS, FORM)).provision(url, options);
}
