import { Bytes, declareWorker, defineTopology } from '@penstock/model';
import { App, Chart, JsonPatch } from 'cdk8s';
import {
  EffectVolume,
  ImageReference,
  JetStreamQueue,
  jetStreamLag,
  NatsService,
  QueueAutoscaler,
  Worker,
  WorkloadNetwork,
} from '../../constructs/kubernetes/index.ts';

const biller = declareWorker({ name: 'biller', payload: 'invoice.v1', calls: [] });

/** One queue and its worker in a namespace that another team runs, on its own nodes, by constructs without the charts. */
export function queueInANamespace(): App {
  const topology = defineTopology({
    name: 'billing',
    queues: { invoices: { arrivalRate: '2/s', doneWithin: '15 minutes', durability: 'fsync' } },
    engines: {},
    workers: { bill: { service: biller, queue: 'invoices', workTime: { mean: '2 seconds', p99: '10 seconds' } } },
  });
  const app = new App();
  const chart = new Chart(app, 'billing', { namespace: 'finance' });
  const nats = new NatsService({ namespace: 'nats', account: 'FINANCE', replicas: 3, syncInterval: 'always' });
  const image = ImageReference.parse('registry.example.com/finance/biller:7.0.0');
  const context = { topology, workload: topology.workers.bill, image };
  new JetStreamQueue(chart, 'invoices', { topology, worker: context.workload, nats, maxBytes: Bytes.parse('2 GiB') });
  const worker = new Worker(chart, 'bill', {
    context,
    bus: nats.clientUrl,
    effects: new EffectVolume(chart, 'effects', { context, storageClass: 'encrypted', size: Bytes.parse('10 GiB') }),
    engines: {},
    overrides: { deployment: [JsonPatch.add('/spec/template/spec/nodeSelector', { 'example.com/pool': 'finance' })] },
  });
  new QueueAutoscaler(chart, 'scaler', {
    worker,
    backlog: jetStreamLag(nats, topology.queues.invoices, context.workload),
  });
  new WorkloadNetwork(chart, 'network', { workloads: [worker], nats, monitoringNamespace: 'monitoring' });
  return app;
}
