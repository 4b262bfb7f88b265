import type { PostgresOptions } from '../../postgres/connection.ts';
import { provision } from '../../postgres/provision.ts';
import { PostgresTransactions } from '../../postgres/transactions.ts';
import { openPostgresScripts } from '../../sql/postgres-script-store.ts';
import { checkVersion } from '../database-version.ts';
import type { EventDatabase, ProvisionEventsOptions } from '../event-database.ts';
import { EVENTS_VERSION, eventTables } from '../schema.ts';
import { EVENT_SCRIPTS, EVENT_WAKES, type EventScripts } from '../scripts/index.ts';
import { CHANNEL } from './channel.ts';
import { CREATE_PUBLICATION } from './replication/publication.ts';

/** @throws {KitError} `address-malformed`, `store-missing`, `store-mismatch`, `store-unreachable`, `store-refused` */
export async function openPostgresEvents(options: PostgresOptions): Promise<EventDatabase> {
  const store = await openPostgresScripts<EventScripts>({
    ...options,
    set: { scripts: EVENT_SCRIPTS, wakes: EVENT_WAKES },
    channel: CHANNEL,
    check: async (ask, where) => {
      const [found] = await ask('SELECT version FROM event_database');
      checkVersion(found?.['version'] as number | undefined, where);
    },
  });
  return Object.assign(store, { dialect: 'postgres' as const });
}

/** Makes the tables. @throws {KitError} as `openPostgresEvents`; `storage-full` */
export async function provisionPostgresEvents({
  schema = [],
  ...options
}: PostgresOptions & ProvisionEventsOptions): Promise<void> {
  await using transactions = await PostgresTransactions.open({ ...options, connections: 1 });
  await provision(transactions, async (ask) => {
    const [table] = await ask(`SELECT to_regclass('event_database') IS NOT NULL AS found`);
    const version = async (): Promise<number | undefined> =>
      (await ask('SELECT version FROM event_database'))[0]?.['version'] as number | undefined;
    // What a release added is made in a database that an older one made.
    if (table?.['found'] !== 1 || ((await version()) ?? 0) < EVENTS_VERSION)
      for (const sql of eventTables('postgres')) await ask(sql);
    checkVersion(await version(), transactions.where);
    await ask(CREATE_PUBLICATION);
    for (const sql of schema) await ask(sql);
  });
}
