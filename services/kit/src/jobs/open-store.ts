import { type Engines, engineOf, pathOf, SQL_ADDRESS } from '../sql/engine-of.ts';
import type { JobStore, ProvisionOptions } from './job-store.ts';

const FORM = { what: 'job store', expected: SQL_ADDRESS };

interface Backend {
  readonly open: (url: string) => Promise<JobStore>;
  readonly provision: (url: string, options: ProvisionOptions) => Promise<void>;
}

const sqlite = async (): Promise<Backend> => {
  const { openSqliteJobs, provisionSqliteJobs } = await import('./sqlite/sqlite-job-store.ts');
  return {
    open: (url) => openSqliteJobs({ path: pathOf(url) }),
    provision: async (url, options) => provisionSqliteJobs({ path: pathOf(url), ...options }),
  };
};

const postgres = async (): Promise<Backend> => {
  const { openPostgresJobs, provisionPostgresJobs } = await import('./postgres/postgres-job-store.ts');
  return {
    open: (url) => openPostgresJobs({ url }),
    provision: (url, options) => provisionPostgresJobs({ url, ...options }),
  };
};

const BACKENDS: Engines<Backend> = new Map([
  ['sqlite', sqlite],
  ['postgres', postgres],
  ['postgresql', postgres],
]);

/**
 * Opens the jobs at an address. The tables are there already: `provisionJobStore` made them.
 *
 * @param url `sqlite:/path/to/file`, or `postgres://user@host:port/database` with `?passwordFile=` and what else
 * PostgreSQL knows, e.g. `sslmode=verify-full`
 * @throws {KitError} `address-malformed`, `store-missing`, `store-mismatch`, `store-unreachable`, `store-refused`,
 * `storage-corrupt`
 */
export async function openJobStore(url: string): Promise<JobStore> {
  return (await engineOf(url, BACKENDS, FORM)).open(url);
}

/**
 * Infrastructure's part: makes the tables where there are none. One that is there already stays as it is.
 *
 * @throws {KitError} as `openJobStore`, and `storage-full`
 */
export async function provisionJobStore(url: string, options: ProvisionOptions = {}): Promise<void> {
  await (await engineOf(url, BACKENDS, FORM)).provision(url, options);
}
