import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { NewJob } from '../../../../services/kit/src/jobs/job.ts';
import type { JobStore } from '../../../../services/kit/src/jobs/job-store.ts';
import { openJobStore, provisionJobStore } from '../../../../services/kit/src/jobs/open-store.ts';
import type { PostgresServer } from '../../../helpers/postgres-server.ts';

type Answer = readonly Readonly<Record<string, unknown>>[];

/** A provisioned store of its own for one test, and a way to look behind it. */
export interface StoreFixture extends AsyncDisposable {
  readonly url: string;
  /** Another holder of the same jobs, as another process would be. Closed with the fixture. */
  open(): Promise<JobStore>;
  ask(sql: string): Promise<Answer>;
}

/** What every test may write its effects to. */
export const EFFECTS = 'CREATE TABLE IF NOT EXISTS shipped (job TEXT NOT NULL, worker TEXT NOT NULL)';

async function fixtureAt(url: string, ask: (sql: string) => Promise<Answer>, over: () => Promise<void>) {
  await provisionJobStore(url, { schema: [EFFECTS] });
  const stores: JobStore[] = [];
  const open = async (): Promise<JobStore> => {
    const store = await openJobStore(url);
    stores.push(store);
    return store;
  };
  const end = async (): Promise<void> => {
    await Promise.all(stores.map((store) => store.close()));
    await over();
  };
  return { url, open, ask, [Symbol.asyncDispose]: end };
}

export async function sqliteFixture(): Promise<StoreFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-jobs-'));
  const path = join(folder, 'jobs.db');
  let database: DatabaseSync | undefined;
  const ask = async (sql: string): Promise<Answer> => {
    database ??= new DatabaseSync(path, { timeout: 10_000 });
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  };
  return fixtureAt(`sqlite:${path}`, ask, async () => {
    database?.close();
    await rm(folder, { recursive: true });
  });
}

let databases = 0;

export async function postgresFixture(server: PostgresServer): Promise<StoreFixture> {
  databases += 1;
  const name = `jobs_${databases}`;
  await server.ask(`CREATE DATABASE ${name}`);
  const ask = async (sql: string): Promise<Answer> => {
    for (;;) {
      try {
        return await server.ask(sql, name);
      } catch (error) {
        // What a store spares its scripts: a circle of locks is broken by taking one of them back.
        if ((error as { readonly code?: unknown }).code !== '40P01') throw error;
      }
    }
  };
  return fixtureAt(server.url(name), ask, async () => {});
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export const job = (id: string, overrides: Partial<NewJob> = {}): NewJob => ({
  id,
  queue: 'orders',
  task: 'ship',
  version: 1,
  idempotencyKey: id,
  keyExpiresAt: 1_000,
  payload: encode(id),
  headers: {},
  createdAt: 0,
  runAt: 0,
  deadlineAt: undefined,
  priority: 0,
  group: undefined,
  orderKey: undefined,
  limitKey: undefined,
  maxAttempts: 3,
  maxCrashes: 2,
  needs: [],
  ...overrides,
});

/** As a dispatcher does before it publishes: all that is ready, or one. */
export const releaseAll = (fixture: StoreFixture, id?: string): Promise<Answer> =>
  fixture.ask(
    `UPDATE jobs SET state = 'released', release_no = release_no + 1, token = 0
     WHERE state = 'ready' ${id === undefined ? '' : `AND id = '${id}'`} RETURNING id`,
  );

export const beginning = (id: string, token: number, release = 1, now = 0) =>
  ({ job: id, release, token, worker: 'w', leaseUntil: now + 10, now }) as const;

export const DONE = { state: 'succeeded', result: undefined } as const;
