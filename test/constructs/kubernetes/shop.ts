import {
  declareHttpService,
  declareInferenceEngine,
  declareJob,
  declareMigration,
  declareWorker,
  defineTopology,
  type HttpServiceSpec,
  type ScheduleSpec,
} from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../../constructs/binding.ts';
import { ImageReference, NatsService, tcp } from '../../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';

export const NAMESPACE = 'shop';
export const image = ImageReference.parse(`registry.example.com/shop/app@sha256:${'ab'.repeat(32)}`);
export const nats = new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'always' });
export const postgres = { peer: { namespace: 'databases', pods: { app: 'orders' } }, ports: [tcp(5432)] } as const;
export const engines = { ranker: Binding.of('http://shop-ranker.shop.svc.cluster.local:8080') };

const front = declareHttpService({ name: 'front', calls: ['ranker'], publishes: { orders: 'order.v1' } });
const sweep = declareJob({ name: 'sweep', calls: ['ranker'], publishes: { orders: 'order.v1' } });

const API = {
  service: front,
  arrivalRate: '100/s',
  peakRate: '800/s',
  requestTime: { mean: '100 milliseconds', p99: '800 milliseconds' },
  requestsAtOnce: 10,
  doneWithin: '2 seconds',
  calls: { ranker: { engine: 'ranker', perRequest: 0.1 } },
  publishes: { orders: { queue: 'orders', perRequest: 0.01 } },
} as const;

/** A shop with a workload of every kind; each may differ in what a test is about. */
export const shop = (
  changes: {
    readonly api?: HttpServiceSpec<'orders', 'ranker'>;
    readonly sweep?: Partial<ScheduleSpec<'orders', 'ranker'>>;
    readonly longestRun?: '10 minutes' | '20 minutes';
    readonly maxAttempts?: number;
  } = {},
) =>
  defineTopology({
    name: 'shop',
    queues: {
      orders: {
        arrivalRate: '10/s',
        peakRate: '100/s',
        doneWithin: '5 minutes',
        maxAttempts: changes.maxAttempts ?? 5,
      },
    },
    engines: {
      ranker: {
        service: declareInferenceEngine({ name: 'engine', tasks: ['embedding'] }),
        task: 'embedding',
        model: { id: 'mini', revision: '1', weights: '90 MB', dimensions: 384, maxTokens: 256 },
        tokenRate: '100000/s',
        tokensPerRequest: 10,
        doneWithin: '500 milliseconds',
        resources: { memory: '1 GiB' },
      },
    },
    workers: {
      ship: {
        service: declareWorker({ name: 'shipper', payload: 'order.v1', calls: [] }),
        queue: 'orders',
        workTime: { mean: '1 second', p99: '3 seconds' },
        itemsAtOnce: 10,
      },
    },
    httpServices: { api: changes.api ?? API },
    schedules: {
      sweep: {
        service: sweep,
        cron: '*/30 * * * *',
        timeZone: 'Europe/Berlin',
        runTime: { mean: '5 minutes', p99: '20 minutes' },
        calls: { ranker: { engine: 'ranker', peakRate: '5/s' } },
        publishes: { orders: { queue: 'orders', peakRate: '10/s' } },
        ...changes.sweep,
      },
    },
    migrations: {
      schema: { service: declareMigration({ name: 'schema' }), longestRun: changes.longestRun ?? '10 minutes' },
    },
  });

/** The same API, whose load is followed. */
export const FOLLOWED = { ...API, limitedBy: 'cpu', peakWithin: '20 minutes' } as const;

/** What a chart in the namespace of the shop holds. */
export function manifestsIn(fill: (chart: Chart) => void): readonly Manifest[] {
  const chart = new Chart(new App(), 'chart', { namespace: NAMESPACE });
  fill(chart);
  return chart.toJson() as Manifest[];
}

export const specIn = <T>(manifests: readonly Manifest[], kind: string): T => {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found['spec'] as T;
};
