import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBus, openBusAdmin, type Queue, startWorker } from '@penstock/kit';
import {
  Dispatcher,
  defineTask,
  handle,
  JobQueue,
  JobRunner,
  type JobStore,
  openJobStore,
  provisionJobStore,
  releasePolicyOf,
} from '@penstock/kit/jobs';
import type { WorkerProfile } from '@penstock/model';
import { Pool } from 'pg';
import { pino } from 'pino';
import { z } from 'zod';
import { Countdown, jobOf } from '../contestant.ts';
import type { JobBacklog, JobSystem, WorkHooks } from '../job-system.ts';
import { databaseBytes, POSTGRES_SETTINGS, postgresVersion, startPostgres } from '../servers/postgres.ts';
import { profileOf } from './penstock.ts';

const TASK = defineTask({ name: 'job', payload: z.object({ id: z.string(), text: z.string() }) });

/** Jobs in a file, their references on a bus in another one. */
export async function openSqliteJobs(): Promise<JobSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bench-jobs-'));
  const path = join(folder, 'jobs.db');
  return systemOn(folder, `sqlite:${path}`, {
    name: 'penstock-sqlite',
    settings: `jobs: node:sqlite ${process.versions['sqlite']}, WAL, synchronous=FULL`,
    bytes: async () => (await stat(path)).size,
    async [Symbol.asyncDispose]() {},
  });
}

/** Jobs in PostgreSQL, their references on a bus in a file: what is measured is the store. */
export async function openPostgresJobs(): Promise<JobSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bench-jobs-'));
  const { server, url } = await startPostgres();
  const pool = new Pool({ connectionString: url, max: 1 });
  // An idle connection that ends with its server is no failure; a query that fails rejects by itself.
  pool.on('error', () => {});
  return systemOn(folder, url, {
    name: 'penstock-postgres',
    settings: `jobs: PostgreSQL ${postgresVersion()}: ${POSTGRES_SETTINGS}, 8 connections`,
    bytes: () => databaseBytes(pool),
    async [Symbol.asyncDispose]() {
      await pool.end();
      await server[Symbol.asyncDispose]();
    },
  });
}

async function systemOn(folder: string, url: string, place: Omit<JobSystem, 'open'>): Promise<JobSystem> {
  const busUrl = `sqlite:${join(folder, 'bus.db')}`;
  await provisionJobStore(url);
  const admin = await openBusAdmin(busUrl);
  const bus = await openBus(busUrl);
  const store = await openJobStore(url);
  let opened = 0;
  return {
    name: place.name,
    settings: `${place.settings}; references: SQLite bus; Dispatcher, JobRunner and startWorker, prefetch derived for jobs of 1 ms`,
    bytes: place.bytes,
    async open(concurrency) {
      opened += 1;
      const profile = profileOf(opened, concurrency);
      await admin.provision(profile.queue);
      return backlogOn(store, url, `jobs-${opened}`, profile, await bus.bind(profile.queue));
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await bus.close();
      await admin.close();
      await place[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function backlogOn(store: JobStore, url: string, name: string, profile: WorkerProfile, queue: Queue): JobBacklog {
  const jobs = new JobQueue({ queue: name, store });
  const draftOf = (index: number) => {
    const job = jobOf(index);
    return jobs.draft(TASK, job, { idempotencyKey: job.id });
  };
  /** As another process: on a store of its own. */
  const work = async ({ began }: WorkHooks, settled: () => void = () => {}): Promise<AsyncDisposable> => {
    const log = pino({ level: 'silent' });
    const own = await openJobStore(url);
    const owner = randomUUID();
    const policy = releasePolicyOf([TASK]);
    const target = { queue: name, bus: queue, window: profile.queue.maxAckPending, policy };
    const dispatcher = new Dispatcher({ store: own, queues: [target], owner, log });
    const runner = new JobRunner({
      store: telling(own, settled),
      handlers: [handle(TASK, async ({ payload }) => void began(Number(payload.id)))],
      worker: owner,
      leaseMs: profile.queue.ackWaitMs,
      log,
    });
    const worker = startWorker({ profile, queue, handler: runner.handler, log });
    dispatcher.start();
    return {
      async [Symbol.asyncDispose]() {
        await dispatcher.close();
        await worker.drain();
        await runner.close();
        await own.close();
      },
    };
  };
  return {
    async add(index) {
      await jobs.addAll([draftOf(index)]);
    },
    async fill(from, count) {
      await jobs.addAll(Array.from({ length: count }, (_, index) => draftOf(from + index)));
    },
    work,
    async process(count) {
      const countdown = new Countdown(count);
      await using _ = await work({ began: () => {} }, () => countdown.settled());
      await countdown.done;
      return countdown.elapsedMs();
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Tells when a settlement is durable, which the runner tells nobody. */
function telling(store: JobStore, settled: () => void): Pick<JobStore, 'run'> {
  return {
    async run(name, ...args) {
      const result = await store.run(name, ...args);
      if (name === 'settle') settled();
      return result;
    },
  };
}
