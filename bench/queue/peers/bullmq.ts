import { Queue, Worker } from 'bullmq';
import { type Contestant, Countdown, jobOf } from '../contestant.ts';
import { REDIS_SETTINGS, redisVersion, startRedis } from '../servers/redis.ts';

/** BullMQ on a Redis that syncs every write before it answers. */
export async function openBullmq(version: string): Promise<Contestant> {
  const { server, port } = await startRedis();
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  let opened = 0;
  return {
    name: 'bullmq',
    settings: `bullmq ${version}, Redis ${redisVersion()}: ${REDIS_SETTINGS}; Worker({concurrency}), removeOnComplete`,
    async open(concurrency) {
      opened += 1;
      const name = `bench-${opened}`;
      const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } });
      await queue.waitUntilReady();
      return {
        async add(index) {
          const job = jobOf(index);
          await queue.add('job', job, { jobId: `job-${job.id}` });
        },
        async process(jobs) {
          const worker = new Worker(name, async () => {}, { connection, concurrency, autorun: false });
          await worker.waitUntilReady();
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
        [Symbol.asyncDispose]: () => queue.close(),
      };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
