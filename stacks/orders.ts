import { defineTopology } from '@penstock/model';
import { orderFulfilment } from '@penstock/order-fulfilment/service';

/** A shop: every order is five jobs, whose references go through one queue. */
export const shop = defineTopology({
  name: 'shop',
  queues: {
    fulfilment: { arrivalRate: '100/s', peakRate: '300/s', doneWithin: '1 minute', maxItemSize: '4 KiB' },
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
});
