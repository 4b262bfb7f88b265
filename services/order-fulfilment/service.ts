import { declareWorker } from '@penstock/model';

/** Fulfils orders: takes references to jobs, which lie in a store of their own. */
export const orderFulfilment = declareWorker({ name: 'order-fulfilment', payload: 'job.v1', calls: [] });
