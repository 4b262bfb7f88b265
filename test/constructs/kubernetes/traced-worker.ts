import { openBus, runService, startWorker } from '@penstock/kit';
import { defineTask, handle, JobRunner, openJobStore } from '@penstock/kit/jobs';
import { declareWorker } from '@penstock/model';
import { z } from 'zod';

// A worker of jobs as a pod runs one. It ships every order but one.

const shipper = declareWorker({ name: 'shipper', payload: 'job.v1', calls: [] });

const ship = defineTask({
  name: 'ship',
  payload: z.object({ order: z.string() }),
  result: z.object({ at: z.string() }),
});

await runService(shipper, process, process.env, async ({ profile, env, log }) => {
  const store = await openJobStore(env['PENSTOCK_JOBS'] ?? '');
  const bus = await openBus(env['PENSTOCK_BUS'] ?? '');
  const runner = new JobRunner({
    store,
    handlers: [
      handle(ship, async ({ payload }) => {
        if (payload.order === 'bad')
          throw Object.assign(new Error('nobody lives there'), { code: 'address-unknown', retryable: false });
        return { at: 'the door' };
      }),
    ],
    worker: 'shipper',
    leaseMs: profile.queue.ackWaitMs,
    log,
  });
  const worker = startWorker({ profile, queue: await bus.bind(profile.queue), handler: runner.handler, log });
  return {
    notReady: () => undefined,
    failed: worker.closed.then(() => new Promise<never>(() => {})),
    async drain() {
      await worker.drain();
      await runner.close();
      await bus.close();
      await store.close();
    },
  };
});
