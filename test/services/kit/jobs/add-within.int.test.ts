import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { addWithin } from '../../../../services/kit/src/jobs/add-within.ts';
import type { JobStore } from '../../../../services/kit/src/jobs/job-store.ts';
import { PostgresServer, postgresRequirement } from '../../../helpers/postgres-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { job, postgresFixture, type StoreFixture, sqliteFixture } from './store-fixture.ts';

interface Caller {
  begin(): Promise<unknown>;
  add(...jobs: Parameters<typeof addWithin>[1]): Promise<unknown>;
  write(row: string): Promise<unknown>;
  end(how: 'COMMIT' | 'ROLLBACK'): Promise<unknown>;
  close(): Promise<unknown>;
}

const insert = (row: string): string => `INSERT INTO shipped (job, worker) VALUES ('${row}', 'caller')`;

function sqliteCaller(url: string): Caller {
  const database = new DatabaseSync(url.slice('sqlite:'.length));
  return {
    begin: async () => database.exec('BEGIN IMMEDIATE'),
    add: async (...jobs) => addWithin(database, jobs),
    write: async (row) => database.exec(insert(row)),
    end: async (how) => database.exec(how),
    close: async () => database.close(),
  };
}

async function postgresCaller(url: string): Promise<Caller> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    begin: () => client.query('BEGIN'),
    add: (...jobs) => addWithin(client, jobs),
    write: (row) => client.query(insert(row)),
    end: (how) => client.query(how),
    close: () => client.end(),
  };
}

function addsWithin(start: () => Promise<StoreFixture>, connect: (url: string) => Caller | Promise<Caller>): void {
  let fixture: StoreFixture;
  let caller: Caller;
  let store: JobStore;
  beforeEach(async () => {
    fixture = await start();
    store = await fixture.open();
    caller = await connect(fixture.url);
    await caller.begin();
  });
  afterEach(async () => {
    await caller.close();
    await fixture[Symbol.asyncDispose]();
  });
  const there = async () => ({
    jobs: (await fixture.ask('SELECT id FROM jobs ORDER BY id')).map(({ id }) => id),
    rows: (await fixture.ask('SELECT job FROM shipped')).map((row) => row['job']),
  });

  test('with the rows of the caller when it commits, and wakes who waits in another process', async () => {
    await store.changed(300);
    const heard = store.changed(30_000);
    await caller.write('order');
    expect(await caller.add(job('a', { orderKey: 'o' }))).toEqual([{ id: 'a', duplicate: false }]);
    await caller.end('COMMIT');
    await heard;
    expect(await there()).toEqual({ jobs: ['a'], rows: ['order'] });
  });

  test('not at all when it rolls back', async () => {
    await caller.write('order');
    await caller.add(job('a'));
    await caller.end('ROLLBACK');
    expect(await there()).toEqual({ jobs: [], rows: [] });
  });

  test('rejects jobs that cannot be added, and leaves the transaction to the caller', async () => {
    await caller.write('order');
    const needy = job('b', { needs: [{ job: 'nobody', onFailure: 'fail' }] });
    await expect(caller.add(job('a'), needy)).rejects.toMatchObject({ code: 'job-missing' });
    await caller.end('COMMIT');
    expect(await there()).toEqual({ jobs: [], rows: ['order'] });
  });

  test('rejects a connection that is in no transaction', async () => {
    await caller.end('ROLLBACK');
    await expect(caller.add(job('a'))).rejects.toMatchObject({ code: 'store-refused' });
    expect(await there()).toEqual({ jobs: [], rows: [] });
  });
}

describe('jobs are added within a transaction on SQLite', () => addsWithin(sqliteFixture, sqliteCaller));

describeWith(postgresRequirement(), 'jobs are added within a transaction on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters: {}, access: ['host all all 127.0.0.1/32 trust'] });
  }, 60_000);
  afterAll(async () => server?.[Symbol.asyncDispose](), 60_000);

  addsWithin(() => postgresFixture(server), postgresCaller);
});
