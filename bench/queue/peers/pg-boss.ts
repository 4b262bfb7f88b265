import { Pool } from 'pg';
import { PgBoss } from 'pg-boss';
import { Countdown, jobOf } from '../contestant.ts';
import type { JobSystem, WorkHooks } from '../job-system.ts';
import { databaseBytes, POSTGRES_SETTINGS, postgresVersion, startPostgres } from '../servers/postgres.ts';

const CONNECTIONS = 32;
const BATCH = 100;
const MOST_WORKERS = 8;
const GONE_POLL_MS = 2;
const SHORTEST_POLL_S = 0.5;

/** pg-boss as its documentation makes it fast: batches that are fetched on while they come full, woken by NOTIFY. */
export async function openPgBoss(version: string): Promise<JobSystem> {
  const { server, url } = await startPostgres();
  const pool = new Pool({ connectionString: url, max: 2, idleTimeoutMillis: 0 });
  // An idle connection that ends with its server is no failure; a query that fails rejects by itself.
  pool.on('error', () => {});
  const boss = new PgBoss({ connectionString: url, max: CONNECTIONS, useListenNotify: true, supervise: false });
  boss.on('error', () => {});
  await boss.start();
  let opened = 0;
  return {
    name: 'pg-boss',
    settings: `pg-boss ${version}, PostgreSQL ${postgresVersion()}: ${POSTGRES_SETTINGS}; ${CONNECTIONS} connections, notify, work({batchSize ${BATCH}, localConcurrency up to ${MOST_WORKERS}, burstWhenBatchFull})`,
    bytes: () => databaseBytes(pool),
    async open(concurrency) {
      opened += 1;
      const name = `bench-${opened}`;
      await boss.createQueue(name, { notify: true, retryLimit: 3 });
      const left = async (): Promise<boolean> =>
        ((await pool.query(`select 1 from pgboss.job where name = $1 and state < 'completed' limit 1`, [name]))
          .rowCount ?? 0) > 0;
      const work = async ({ began }: WorkHooks): Promise<AsyncDisposable> => {
        const options = {
          batchSize: BATCH,
          localConcurrency: Math.min(concurrency, MOST_WORKERS),
          burstWhenBatchFull: true,
          pollingIntervalSeconds: SHORTEST_POLL_S,
          notifyPollingIntervalSeconds: SHORTEST_POLL_S,
        };
        await boss.work<ReturnType<typeof jobOf>>(name, options, async (jobs) => {
          for (const { data } of jobs) began(Number(data.id));
        });
        return { [Symbol.asyncDispose]: () => boss.offWork(name) };
      };
      return {
        async add(index) {
          const job = jobOf(index);
          await boss.send(name, job, { singletonKey: job.id });
        },
        async fill(from, count) {
          const jobs = Array.from({ length: count }, (_, index) => jobOf(from + index));
          await boss.insert(
            name,
            jobs.map((data) => ({ data, singletonKey: data.id })),
          );
        },
        work,
        async process(jobs) {
          const countdown = new Countdown(jobs);
          await using _ = await work({ began: () => countdown.settled() });
          await countdown.done;
          // The handler's end comes before the row says so, and only the row is durable.
          while (await left()) await new Promise((resolve) => setTimeout(resolve, GONE_POLL_MS));
          return countdown.elapsedMs();
        },
        [Symbol.asyncDispose]: () => boss.deleteQueue(name),
      };
    },
    async [Symbol.asyncDispose]() {
      await boss.stop({ graceful: false });
      await pool.end();
      await server[Symbol.asyncDispose]();
    },
  };
}
