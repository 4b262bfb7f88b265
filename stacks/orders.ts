import { defineTopology } from '@penstock/model';
import { orderFulfilment } from '@penstock/order-fulfilment/service';
import { taskQueue } from '@penstock/task-queue/service';

/** A shop: every order is five jobs, whose references go through one queue. */
export const shop = defineTopology({
  name: 'shop',
  queues: {
    fulfilment: { arrivalRate: '100/s', peakRate: '300/s', doneWithin: '20 seconds', maxItemSize: '4 KiB' },
  },
  workers: {
    fulfil: {
      service: orderFulfilment,
      queue: 'fulfilment',
      // Nearly all of it is waiting for the providers.
      workTime: { mean: '50 milliseconds', p99: '2 seconds' },
      itemsAtOnce: 16,
      resources: { cpu: 0.25, memory: '256 MiB' },
    },
  },
  httpServices: {
    // Shows the jobs to people, and takes more of them; the shop itself adds them with its own rows.
    'task-queue': {
      service: taskQueue,
      arrivalRate: '5/s',
      requestTime: { mean: '10 milliseconds', p99: '200 milliseconds' },
      requestsAtOnce: 64,
      doneWithin: '5 seconds',
      publishes: { jobs: { queue: 'fulfilment' } },
      resources: { cpu: 0.25, memory: '256 MiB' },
    },
  },
});
