import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Countdown, jobOf } from '../contestant.ts';
import type { JobSystem, WorkHooks } from '../job-system.ts';
import { REDIS_SETTINGS, redisVersion, startRedis } from '../servers/redis.ts';

/** BullMQ on a Redis that syncs every write before it answers. */
export async function openBullmq(version: string): Promise<JobSystem> {
  const { server, port } = await startRedis();
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const client = new Redis(connection);
  let opened = 0;
  return {
    name: 'bullmq',
    settings: `bullmq ${version}, Redis ${redisVersion()}: ${REDIS_SETTINGS}; Worker({concurrency}), removeOnComplete`,
    bytes: async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]),
    async open(concurrency) {
      opened += 1;
      const name = `bench-${opened}`;
      const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } });
      await queue.waitUntilReady();
      const workerOf = async ({ began }: WorkHooks): Promise<Worker> => {
        const worker = new Worker(name, async ({ data }) => began(Number(data.id)), {
          connection,
          concurrency,
          autorun: false,
        });
        await worker.waitUntilReady();
        return worker;
      };
      return {
        async add(index) {
          const job = jobOf(index);
          await queue.add('job', job, { jobId: `job-${job.id}` });
        },
        async fill(from, count) {
          const jobs = Array.from({ length: count }, (_, index) => jobOf(from + index));
          await queue.addBulk(jobs.map((data) => ({ name: 'job', data, opts: { jobId: `job-${data.id}` } })));
        },
        async work(hooks) {
          const worker = await workerOf(hooks);
          worker.on('error', () => {});
          void worker.run();
          return { [Symbol.asyncDispose]: () => worker.close() };
        },
        async process(jobs) {
          const worker = await workerOf({ began: () => {} });
          const countdown = new Countdown(jobs);
          worker.on('completed', () => countdown.settled());
          worker.on('failed', (_job, error) => countdown.fail(error));
          worker.on('error', countdown.fail);
          worker.run().catch(countdown.fail);
          try {
            await countdown.done;
            return countdown.elapsedMs();
          } finally {
            await worker.close();
          }
        },
        async [Symbol.asyncDispose]() {
          await queue.obliterate({ force: true });
          await queue.close();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}
