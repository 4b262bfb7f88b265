import {
  Bytes,
  declareHttpService,
  declareJob,
  declareMigration,
  declareWorker,
  defineTopology,
} from '@penstock/model';
import { App } from 'cdk8s';
import { platformCharts } from '../../charts/platform.ts';
import { ImageReference, NatsService, tcp, Weights } from '../../constructs/kubernetes/index.ts';

const api = declareHttpService({ name: 'order-api', calls: [], publishes: { orders: 'order.v1' } });
const sweep = declareJob({ name: 'order-sweep', calls: [], publishes: { orders: 'order.v1' } });
const shipper = declareWorker({ name: 'shipper', payload: 'order.v1', calls: [] });
const requests = { arrivalRate: '100/s', peakRate: '600/s', requestsAtOnce: 12, doneWithin: '2 seconds' } as const;
const once = { requestTime: { mean: '40 milliseconds', p99: '300 milliseconds' } } as const;
const postgres = { peer: { namespace: 'databases', pods: { 'cnpg.io/cluster': 'orders' } }, ports: [tcp(5432)] };

/** An API in front of a queue, its database's schema brought up to date before each release, and a nightly sweep. */
export function apiWithJobs(): App {
  const publishes = { orders: { queue: 'orders', perRequest: 0.2 } } as const;
  const topology = defineTopology({
    name: 'shop',
    queues: { orders: { arrivalRate: '20/s', peakRate: '150/s', doneWithin: '5 minutes' } },
    workers: {
      ship: {
        service: shipper,
        queue: 'orders',
        workTime: { mean: '1 second', p99: '4 seconds' },
        itemsAtOnce: 16,
      },
    },
    httpServices: {
      api: { service: api, ...requests, ...once, publishes, limitedBy: 'cpu', peakWithin: '20 minutes' },
    },
    schedules: {
      sweep: {
        service: sweep,
        cron: '15 3 * * *',
        timeZone: 'Europe/Berlin',
        runTime: { mean: '10 minutes', p99: '40 minutes' },
        publishes: { orders: { queue: 'orders', peakRate: '20/s' } },
      },
    },
    migrations: { schema: { service: declareMigration({ name: 'order-schema' }), longestRun: '10 minutes' } },
  });
  const app = new App();
  const imageOf = (name: string) => ImageReference.parse(`registry.example.com/shop/${name}:4.1.0`);
  platformCharts(app, {
    topology,
    namespace: 'shop',
    nats: new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'always' }),
    streamSize: Bytes.parse('20 GiB'),
    imageOf,
    weightsOf: (engine) => Weights.image(imageOf(engine)),
    reachesOf: () => [postgres],
    effects: { storageClass: 'fast', size: Bytes.parse('10 GiB') },
  });
  return app;
}
