import { declareWorker, defineTopology } from '@penstock/model';

const workTime = { mean: '1 second', p99: '3 seconds' } as const;

/** A platform on whatever Google runs: a log, a database and a cache, each with who uses it. */
export const shop = defineTopology({
  name: 'shop',
  queues: { orders: { arrivalRate: '1/s', doneWithin: '1 hour' } },
  workers: {
    billing: {
      service: declareWorker({ name: 'billing', payload: 'p', calls: [] }),
      queue: 'orders',
      workTime,
    },
  },
  topics: { sales: { arrivalRate: '20/s', retention: '3 days', consumers: { ledger: { workTime } } } },
});

/** As a file of a stack says it. */
export const DATA = {
  kafka: {
    vcpus: 3,
    memory: '12 GiB',
    users: { billing: { variable: 'KAFKA', produces: ['sales'], consumes: { sales: 'ledger' } } },
  },
  database: {
    tier: 'db-custom-2-8192',
    diskGib: 20,
    databases: ['ledger'],
    outbox: true,
    users: { billing: { variable: 'DATABASE' } },
  },
  cache: {
    nodeType: 'STANDARD_SMALL',
    shards: 1,
    replicas: 1,
    persistence: 'none',
    users: { billing: { variable: 'CACHE' } },
  },
} as const;

/** What runs in its cluster, beside what an environment says. */
export const CLUSTER = {
  namespace: 'shop',
  nats: { existing: { namespace: 'nats', replicas: 3, syncInterval: 'periodic' } },
  versions: { billing: '1.0.0' },
  addresses: {},
} as const;
