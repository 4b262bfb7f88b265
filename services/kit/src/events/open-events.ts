import { KitError } from '../errors.ts';
import type { EventDatabase, ProvisionEventsOptions } from './event-database.ts';

interface Backend {
  readonly open: (url: string) => Promise<EventDatabase>;
  readonly provision: (url: string, options: ProvisionEventsOptions) => Promise<void>;
}

const sqlite = async (): Promise<Backend> => {
  const { openSqliteEvents, provisionSqliteEvents } = await import('./sqlite/sqlite-events.ts');
  const pathOf = (url: string): string => url.slice('sqlite:'.length);
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

/** Each is loaded only when its scheme is used: a process on SQLite carries no network client. */
const BACKENDS: ReadonlyMap<string, () => Promise<Backend>> = new Map([
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
  return (await backendOf(url)).open(url);
}

/**
 * Infrastructure's part: makes the tables where there are none. One that is there already stays as it is.
 *
 * @throws {KitError} as `openEvents`, and `storage-full`
 */
export async function provisionEvents(url: string, options: ProvisionEventsOptions = {}): Promise<void> {
  await (await backendOf(url)).provision(url, options);
}

async function backendOf(url: string): Promise<Backend> {
  const colon = url.indexOf(':');
  const backend = BACKENDS.get(url.slice(0, colon));
  if (backend !== undefined && url.length > colon + 1) return backend();
  throw new KitError(
    'address-malformed',
    `events: received ${JSON.stringify(url)}, expected sqlite:/path/to/file or postgres://host:port/database`,
  );
}
