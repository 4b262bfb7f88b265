import { randomUUID } from 'node:crypto';
import { addressesOf, openBus, runService, startWorker } from '@penstock/kit';
import { Dispatcher, dispatchTimesOf, JobQueue, JobRunner, openJobStore, releasePolicyOf } from '@penstock/kit/jobs';
import { orderFulfilment } from '../service.ts';
import { openBooks } from './books-file.ts';
import { orderHandlers } from './handlers.ts';
import { httpProviders } from './providers.ts';
import { TASKS } from './tasks.ts';

await runService(orderFulfilment, process, process.env, async ({ profile, env, log }) => {
  const addresses = addressesOf(env, ['PENSTOCK_BUS', 'PENSTOCK_JOBS', 'PENSTOCK_PROVIDERS']);
  const bus = await openBus(addresses.PENSTOCK_BUS);
  const queue = await bus.bind(profile.queue);
  const store = await openJobStore(addresses.PENSTOCK_JOBS);
  const books = openBooks(addresses.PENSTOCK_JOBS);
  const jobs = new JobQueue({ queue: profile.queue.id, store });
  const owner = `${profile.id}-${randomUUID()}`;
  // Every replica could dispatch; the store lets one at a time.
  const dispatcher = new Dispatcher({
    store,
    owner,
    log,
    queues: [
      {
        queue: jobs.name,
        bus: queue,
        window: profile.queue.maxAckPending,
        policy: releasePolicyOf(TASKS),
        times: dispatchTimesOf(profile.queue),
      },
    ],
  });
  const runner = new JobRunner({
    store,
    handlers: orderHandlers(jobs, httpProviders(addresses.PENSTOCK_PROVIDERS), books),
    worker: owner,
    leaseMs: profile.queue.ackWaitMs,
    log,
  });
  const worker = startWorker({ profile, queue, handler: runner.handler, log });
  dispatcher.start();
  return {
    notReady: () => undefined,
    failed: worker.closed.then(() => new Promise<never>(() => {})),
    finished: worker.finished,
    async drain() {
      await dispatcher.close();
      await worker.drain();
      await runner.close();
      books.close();
      await store.close();
      await bus.close();
    },
  };
});
