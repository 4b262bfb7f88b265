import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openJobStore, provisionJobStore } from '../../../../services/kit/src/jobs/open-store.ts';
import {
  openPostgresJobs,
  type PostgresJobStore,
} from '../../../../services/kit/src/jobs/postgres/postgres-job-store.ts';
import { PostgresServer, postgresRequirement } from '../../../helpers/postgres-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { onSmallDisk, smallDisk } from '../../../helpers/small-disk.ts';
import type { JobsOnFullDisk } from './full-disk-process.ts';
import {
  beginning,
  DONE,
  job,
  postgresFixture,
  releaseAll,
  type StoreFixture,
  sqliteFixture,
} from './store-fixture.ts';

const FULL_DISK = fileURLToPath(new URL('./full-disk-process.ts', import.meta.url));

function isBoundTo(start: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  beforeEach(async () => {
    fixture = await start();
  });
  afterEach(async () => fixture[Symbol.asyncDispose]());

  test('rejects one that a newer release made', async () => {
    await fixture.ask('UPDATE job_store SET version = version + 1');
    await expect(openJobStore(fixture.url)).rejects.toMatchObject({ code: 'store-mismatch' });
    await expect(provisionJobStore(fixture.url)).rejects.toMatchObject({ code: 'store-mismatch' });
  });

  test('rejects one whose tables nobody made', async () => {
    await fixture.ask('DROP TABLE job_store');
    await expect(openJobStore(fixture.url)).rejects.toMatchObject({ code: 'store-missing' });
  });

  test('is provisioned again without a change, by many at once', async () => {
    const store = await fixture.open();
    await store.run('add', [job('a')]);
    await Promise.all([1, 2, 3].map(() => provisionJobStore(fixture.url)));
    expect(await fixture.ask('SELECT id FROM jobs')).toEqual([{ id: 'a' }]);
  });
}

describe('a store in SQLite', () => {
  isBoundTo(sqliteFixture);

  test('rejects a file that is not there, and makes none', async () => {
    for (const _ of [1, 2])
      await expect(openJobStore('sqlite:/tmp/penstock-no-such-folder/jobs.db')).rejects.toMatchObject({
        code: 'store-missing',
      });
  });

  test('rejects an address of another kind', async () => {
    await expect(openJobStore('redis://127.0.0.1')).rejects.toMatchObject({ code: 'address-malformed' });
  });
});

describeWith(smallDisk(), 'a store in SQLite on a full disk', () => {
  test('refuses with storage-full, keeps all it has accepted, and goes on when there is room', () => {
    const { stdout, stderr } = onSmallDisk(process.execPath, '--disable-warning=ExperimentalWarning', FULL_DISK);
    if (stdout === '') throw new Error(stderr);
    const report = JSON.parse(stdout) as JobsOnFullDisk;
    expect(report.refusedWith).toEqual(['storage-full', 'storage-full']);
    expect(report.accepted.length).toBeGreaterThan(5);
    expect(report.found).toEqual([...report.accepted, 'after'].toSorted());
  }, 100_000);
});

describeWith(postgresRequirement(), 'a store in PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters: {}, access: ['host all all 127.0.0.1/32 trust'] });
  }, 60_000);
  afterAll(async () => server?.[Symbol.asyncDispose](), 60_000);

  isBoundTo(() => postgresFixture(server));

  test('rejects a server that is not there', async () => {
    await expect(openJobStore('postgres://nobody@127.0.0.1:1/jobs')).rejects.toMatchObject({
      code: 'store-unreachable',
      retryable: true,
    });
  });

  describe('whose connections break', () => {
    let fixture: StoreFixture;
    let store: PostgresJobStore;
    beforeEach(async () => {
      fixture = await postgresFixture(server);
      store = await openPostgresJobs({ url: fixture.url, connections: 2 });
      await store.run('add', [job('a'), job('b')]);
      await releaseAll(fixture);
      await store.run('begin', beginning('a', 1));
    });
    afterEach(async () => {
      await store.close();
      await fixture[Symbol.asyncDispose]();
    });
    const breakAll = () =>
      fixture.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'penstock'");
    const fence = { job: 'a', release: 1, token: 1 };

    test('rejects what was under way, writes nothing of it, and goes on', async () => {
      const cut = store.settleWithin(fence, 1, async (ask) => {
        await ask("INSERT INTO shipped (job, worker) VALUES ('a', 'w')");
        await breakAll();
        await ask('SELECT 1 AS one');
        return { settlement: DONE };
      });
      await expect(cut).rejects.toMatchObject({ code: 'store-unreachable', retryable: true });
      expect(await fixture.ask('SELECT job FROM shipped')).toEqual([]);
      expect(await store.run('heartbeat', [fence])).toEqual(['held']);
    });

    test('hears of changes again', async () => {
      await store.changed(300);
      await breakAll();
      const other = await fixture.open();
      // It listens again at the latest when it is asked after its pause.
      for (let waited = 0; waited < 10; waited += 1) await store.changed(250);
      const heard = store.changed(30_000);
      await other.run('cancel', 'b', '', 1);
      await heard;
    });

    test('an effect that reads and decides is there with its settlement, once', async () => {
      const work = async (ask: Parameters<Parameters<PostgresJobStore['settleWithin']>[2]>[0]) => {
        const [count] = await ask('SELECT count(*) AS n, 12.50 AS price, true AS open FROM shipped');
        expect(count).toEqual({ n: 0, price: '12.50', open: 1 });
        await ask('INSERT INTO shipped (job, worker) VALUES ($1, $2)', ['a', `${count?.['n']}`]);
        return { settlement: DONE, effect: { jobs: [job('next', { orderKey: 'o' })] } };
      };
      expect(await store.settleWithin(fence, 1, work)).toBe('settled');
      expect(await store.settleWithin(fence, 1, work)).toBe('settled');
      expect(await store.settleWithin({ ...fence, token: 0 }, 1, work)).toBe('lost');
      expect(await fixture.ask('SELECT worker FROM shipped')).toEqual([{ worker: '0' }]);
    });

    test('rejects a transaction whose failed statement was passed over', async () => {
      const passedOver = store.settleWithin(fence, 1, async (ask) => {
        await ask('SELECT nothing FROM nowhere').catch(() => {});
        return { settlement: DONE };
      });
      await expect(passedOver).rejects.toMatchObject({ code: 'storage-failed' });
      expect(await store.run('heartbeat', [fence])).toEqual(['held']);
    });
  });
});
