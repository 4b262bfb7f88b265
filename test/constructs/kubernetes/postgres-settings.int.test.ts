import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import { type PostgresDatabases, postgresAccess, postgresParameters } from '../../../constructs/kubernetes/index.ts';
import { PostgresServer, postgresRequirement } from '../../helpers/postgres-server.ts';
import { describeWith } from '../../helpers/requirement.ts';

const databases: PostgresDatabases = {
  orders: { connections: 30, passwordSecret: 'a', changeFeed: { passwordSecret: 'b' } },
  read_models: { connections: 10, passwordSecret: 'c' },
};
// PostgreSQL 15 does not know the one that came with 17.
const { sync_replication_slots: _, ...parameters } = postgresParameters({
  name: 'orders',
  databases,
  instances: 3,
  poolers: 2,
  memory: Bytes.parse('2 GiB'),
  wal: Bytes.parse('16 GiB'),
});

interface Setting {
  readonly name: string;
  readonly setting: string;
}

describeWith(postgresRequirement(), 'PostgreSQL 15 by the settings of a PostgreSQL cluster', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters, access: postgresAccess(databases) });
    for (const name of ['orders', 'read_models']) {
      await server.ask(`create role ${name} login password '${name}'`);
      await server.ask(`create database ${name} owner ${name}`);
    }
    await server.ask("create role orders_changes login replication password 'changes'");
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  test('takes every one of them, in the units that were meant', async () => {
    expect(await server.ask('select name from pg_file_settings where error is not null')).toEqual([]);
    const rows = await server.ask<Setting>(
      `select name, current_setting(name) as setting from pg_settings where name in (${Object.keys(parameters)
        .map((name) => `'${name}'`)
        .join(',')})`,
    );
    // The server writes 2048MB as 2GB.
    const inMegabytes = (text: string) => text.replace(/^(\d+)GB$/, (_text, amount) => `${Number(amount) * 1_024}MB`);
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, inMegabytes(setting)]))).toEqual(parameters);
  });

  test('understands every rule of who may connect', async () => {
    expect(await server.ask('select error from pg_hba_file_rules where error is not null')).toEqual([]);
  });

  test('lets an owner into its own database by TLS', async () => {
    expect(await server.whoIs('orders', 'orders', 'orders', true)).toBe('orders');
    expect(await server.whoIs('orders_changes', 'changes', 'orders', true)).toBe('orders_changes');
  });

  test.each([
    ['without TLS', 'orders', 'orders', false],
    ['into the database of another service', 'orders', 'read_models', true],
    ['into the database of the server itself', 'orders', 'postgres', true],
  ] as const)('refuses an owner %s', async (_title, user, database, tls) => {
    await expect(server.whoIs(user, user, database, tls)).rejects.toThrow(/pg_hba.conf/);
  });

  test('refuses the superuser over the network', async () => {
    await expect(server.whoIs('postgres', '', 'postgres', true)).rejects.toThrow(/pg_hba.conf/);
  });

  test('decodes the changes of one database for its reader', async () => {
    await server.ask("select pg_create_logical_replication_slot('relay', 'pgoutput')", 'orders');
    const [slot] = await server.ask<{ readonly database: string; readonly slot_type: string }>(
      'select database, slot_type from pg_replication_slots',
    );
    expect(slot).toEqual({ database: 'orders', slot_type: 'logical' });
  });
});
