import { type Engines, engineOf, pathOf, SQL_ADDRESS } from '../sql/engine-of.ts';
import type { EventDatabase, ProvisionEventsOptions } from './event-database.ts';
import type { OutboxSource } from './relay/outbox-source.ts';

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

const source = () => import('./postgres/replication/postgres-outbox-source.ts');
const SOURCES: Engines<Awaited<ReturnType<typeof source>>> = new Map([
  ['postgres', source],
  ['postgresql', source],
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
 * The log of a database, for a relay to follow. Only PostgreSQL has one that tells of rows.
 *
 * @throws {KitError} `address-malformed`
 */
export async function followEvents(url: string): Promise<OutboxSource> {
  return engineOf(url, SOURCES, { what: 'followed events', expected: 'postgres://host:port/database' }).then(
    ({ followOutbox }) => followOutbox({ url }),
  );
}

/**
 * Infrastructure's part: makes the tables where there are none. One that is there already stays as it is.
 *
 * @throws {KitError} as `openEvents`, and `storage-full`
 */
export async function provisionEvents(url: string, options: ProvisionEventsOptions = {}): Promise<void> {
  await (await engineOf(url, BACKENDS, FORM)).provision(url, options);
}
