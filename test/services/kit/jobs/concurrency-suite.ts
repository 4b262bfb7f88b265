import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { NewJob } from '../../../../services/kit/src/jobs/job.ts';
import type { JobStore } from '../../../../services/kit/src/jobs/job-store.ts';
import { endProcess } from '../../../helpers/end-process.ts';
import { beginning, DONE, job, releaseAll, type StoreFixture } from './store-fixture.ts';

const HAMMER = fileURLToPath(new URL('./hammer-process.ts', import.meta.url));
const CALLERS = 16;
const JOBS = 2_000;
const WITHIN_MS = 120_000;

/** What has to hold when many hold the store at once. */
export function jobsHoldSideBySide(start: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  let stores: readonly JobStore[];
  beforeEach(async () => {
    fixture = await start();
    stores = await Promise.all([fixture.open(), fixture.open()]);
  });
  afterEach(async () => fixture[Symbol.asyncDispose]());

  const storeOf = (caller: number): JobStore => stores[caller % stores.length] as JobStore;
  const atOnce = <Result>(call: (store: JobStore, caller: number) => Promise<Result>): Promise<Result[]> =>
    Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(storeOf(caller), caller)));
  const statement = (id: string, worker: string) => ({
    sql: 'INSERT INTO shipped (job, worker) VALUES ($1, $2)',
    params: [id, worker],
  });

  /** Releases, begins and settles until nothing is ready; what it did, in this order. */
  const drain = async (): Promise<readonly string[]> => {
    const done: string[] = [];
    for (let ready = await releaseAll(fixture); ready.length > 0; ready = await releaseAll(fixture)) {
      await Promise.all(
        ready.map(async ({ id }, caller) => {
          await storeOf(caller).run('begin', beginning(id as string, 1));
          done.push(id as string);
          await storeOf(caller + 1).run('settle', { job: id as string, release: 1, token: 1 }, DONE, 1);
        }),
      );
    }
    return done;
  };

  test('of many who add a job under one key, one adds it', async () => {
    const receipts = await atOnce((store, caller) =>
      store.run('add', [job(`j${caller}`, { idempotencyKey: 'k' }), job(`k${caller}`, { idempotencyKey: 'l' })]),
    );
    const added = receipts.flat().filter(({ duplicate }) => !duplicate);
    expect(added).toHaveLength(2);
    expect(new Set(receipts.flat().map(({ id }) => id)).size).toBe(2);
    expect(await fixture.ask('SELECT id FROM jobs')).toHaveLength(2);
  });

  test('of many deliveries of one job at once, one has its effect', async () => {
    await storeOf(0).run('add', [job('a', { maxAttempts: 100, maxCrashes: 100 })]);
    await releaseAll(fixture);
    const settled = await atOnce(async (store, caller) => {
      const token = caller + 1;
      if ((await store.run('begin', beginning('a', token))).kind === 'drop') return 'dropped';
      const effect = { statements: [statement('a', `${caller}`)] };
      return store.run('settle', { job: 'a', release: 1, token }, DONE, 1, effect);
    });
    expect(settled.filter((answer) => answer === 'settled')).toHaveLength(1);
    expect(await fixture.ask('SELECT job FROM shipped')).toEqual([{ job: 'a' }]);
  });

  test(
    'no job of an order key is left behind or goes before an earlier one, whoever adds, ends and cancels',
    async () => {
      const keys = ['o1', 'o2', 'o3'];
      const ids = new Set<string>();
      let adding = CALLERS;
      const add = async (store: JobStore, caller: number): Promise<void> => {
        for (let n = 0; n < 12; n += 1) {
          const id = `j${caller}-${n}`;
          await store.run('add', [job(id, { orderKey: keys[n % keys.length] as string })]);
          ids.add(id);
          if (n % 4 === 3) await storeOf(caller + 1).run('cancel', `j${caller}-${n - 1}`, '', 1);
        }
        adding -= 1;
      };
      const done: string[] = [];
      const work = async (): Promise<void> => {
        while (adding > 0) {
          const change = storeOf(0).changed(50);
          done.push(...(await drain()));
          await change;
        }
        done.push(...(await drain()));
      };
      await Promise.all([atOnce(add), work()]);
      expect(await fixture.ask('SELECT id FROM jobs WHERE finished_at IS NULL')).toEqual([]);
      const rows = await fixture.ask('SELECT id, order_key, seq FROM jobs ORDER BY seq');
      expect(rows).toHaveLength(ids.size);
      for (const key of keys) {
        const inOrder = rows.filter((row) => row['order_key'] === key).map(({ id }) => id as string);
        expect(done.filter((id) => inOrder.includes(id))).toEqual(inOrder.filter((id) => done.includes(id)));
      }
    },
    WITHIN_MS,
  );

  test(
    'no job waits for one that is over, whoever adds and ends them',
    async () => {
      const leaves = Array.from({ length: CALLERS * 4 }, (_, n) => `leaf${n}`);
      await storeOf(0).run(
        'add',
        leaves.map((id) => job(id)),
      );
      let adding = CALLERS;
      const add = async (store: JobStore, caller: number): Promise<void> => {
        for (let n = 0; n < 12; n += 1) {
          const needs = [1, 2, 3].map((step) => leaves[(caller * 5 + n * 7 + step * 11) % leaves.length] as string);
          const parent: NewJob = job(`parent${caller}-${n}`, {
            needs: [...new Set(needs)].map((needed) => ({ job: needed, onFailure: 'run' })),
          });
          await store.run('add', [parent]);
        }
        adding -= 1;
      };
      const work = async (): Promise<void> => {
        while (adding > 0) {
          const change = storeOf(0).changed(50);
          await drain();
          await change;
        }
        await drain();
      };
      await Promise.all([atOnce(add), work()]);
      expect(await fixture.ask("SELECT id, state, blockers FROM jobs WHERE state <> 'succeeded'")).toEqual([]);
    },
    WITHIN_MS,
  );

  test(
    'every job that is over had its effect once, though a process was killed in the middle',
    async () => {
      const ids = Array.from({ length: JOBS }, (_, n) => `j${n}`);
      const endless = { maxAttempts: 1_000_000, maxCrashes: 1_000_000 };
      for (let at = 0; at < JOBS; at += 100)
        await storeOf(0).run(
          'add',
          ids.slice(at, at + 100).map((id) => job(id, endless)),
        );
      await releaseAll(fixture);
      const told = new Set<string>();
      const hammers = ['victim', 'survivor'].map((name) => {
        const args = ['--disable-warning=ExperimentalWarning', HAMMER, fixture.url, name, `${CALLERS / 2}`, `${JOBS}`];
        return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      });
      const [victim, survivor] = hammers;
      try {
        if (victim?.stdout == null || survivor?.stdout == null) throw new Error('a process did not start');
        const survived = once(survivor, 'exit');
        createInterface(survivor.stdout).on('line', (id) => told.add(id));
        let byVictim = 0;
        for await (const id of createInterface(victim.stdout)) {
          told.add(id);
          byVictim += 1;
          if (byVictim === 200) victim.kill('SIGKILL');
        }
        expect(await survived).toEqual([0, null]);
        expect(victim.signalCode).toBe('SIGKILL');
      } finally {
        await Promise.all(hammers.map((child) => endProcess(child, 'SIGKILL')));
      }
      expect(await fixture.ask("SELECT id FROM jobs WHERE state <> 'succeeded'")).toEqual([]);
      const shipped = (await fixture.ask('SELECT job FROM shipped')).map((row) => row['job'] as string);
      expect(shipped).toHaveLength(JOBS);
      expect(new Set(shipped).size).toBe(JOBS);
      expect([...told].filter((id) => !shipped.includes(id))).toEqual([]);
    },
    WITHIN_MS,
  );
}
