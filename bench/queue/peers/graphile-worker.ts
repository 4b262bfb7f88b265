import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { Pool } from 'pg';
import { Countdown, jobOf } from '../contestant.ts';
import type { JobSystem, WorkHooks } from '../job-system.ts';
import { databaseBytes, POSTGRES_SETTINGS, postgresVersion, startPostgres } from '../servers/postgres.ts';

const LOCAL_QUEUE_JOBS = 500;
const GONE_POLL_MS = 2;
/** Connections beyond the workers': listener, completions, the benchmark's own look. */
const SPARE_CONNECTIONS = 10;
const SILENT = new Logger(() => () => {});

/** The two ways that its documentation knows: every worker fetches for itself, or a local queue and batched completions. */
export async function openGraphileWorker(version: string, mode: 'plain' | 'batched'): Promise<JobSystem> {
  const { server, url } = await startPostgres();
  const pool = new Pool({ connectionString: url, max: 64 + SPARE_CONNECTIONS, idleTimeoutMillis: 0 });
  // An idle connection that ends with its server is no failure; a query that fails rejects by itself.
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  const utils = await makeWorkerUtils({ pgPool: pool, logger: SILENT });
  await utils.migrate();
  const batched = `localQueue ${LOCAL_QUEUE_JOBS}, completeJobBatchDelay 0, failJobBatchDelay 0`;
  return {
    name: mode === 'plain' ? 'graphile-worker' : 'graphile-batched',
    settings: `graphile-worker ${version}, PostgreSQL ${postgresVersion()}: ${POSTGRES_SETTINGS}; ${mode === 'plain' ? 'run({concurrency})' : batched}`,
    bytes: () => databaseBytes(pool),
    async open(concurrency) {
      await pool.query('truncate graphile_worker._private_jobs');
      const runnerOf = ({ began }: WorkHooks) =>
        run({
          pgPool: pool,
          logger: SILENT,
          concurrency,
          noHandleSignals: true,
          taskList: { job: async (payload) => began(Number((payload as ReturnType<typeof jobOf>).id)) },
          ...(mode === 'batched' && {
            preset: {
              worker: { localQueue: { size: LOCAL_QUEUE_JOBS }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
            },
          }),
        });
      return {
        async add(index) {
          const job = jobOf(index);
          await utils.addJob('job', job, { jobKey: job.id });
        },
        async fill(from, count) {
          const jobs = Array.from({ length: count }, (_, index) => jobOf(from + index));
          await utils.addJobs(jobs.map((payload) => ({ identifier: 'job', payload, jobKey: payload.id })));
        },
        async work(hooks) {
          const runner = await runnerOf(hooks);
          return { [Symbol.asyncDispose]: () => runner.stop() };
        },
        async process(jobs) {
          const countdown = new Countdown(jobs);
          const runner = await runnerOf({ began: () => {} });
          runner.events.on('job:complete', ({ error }) => (error ? countdown.fail(error) : countdown.settled()));
          try {
            await countdown.done;
            // The event comes before the row is gone, and only the missing row is durable.
            while (((await pool.query('select 1 from graphile_worker._private_jobs limit 1')).rowCount ?? 0) > 0)
              await new Promise((resolve) => setTimeout(resolve, GONE_POLL_MS));
            return countdown.elapsedMs();
          } finally {
            await runner.stop();
          }
        },
        async [Symbol.asyncDispose]() {},
      };
    },
    async [Symbol.asyncDispose]() {
      await utils.release();
      await pool.end();
      await server[Symbol.asyncDispose]();
    },
  };
}
