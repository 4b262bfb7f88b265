import { inferenceEngine } from '@penstock/inference-engine/service';
import { Bytes, defineTopology } from '@penstock/model';
import { taskQueue } from '@penstock/task-queue/service';
import { App } from 'cdk8s';
import { MessagingChart } from '../../charts/messaging.ts';
import { NamespaceChart } from '../../charts/namespace.ts';
import { WorkloadsChart } from '../../charts/workloads.ts';
import { Binding } from '../../constructs/binding.ts';
import { ImageReference, NatsService, Weights } from '../../constructs/kubernetes/index.ts';

const model = { id: 'bge-small', revision: '1.5.0', weights: '130 MB', dimensions: 384, maxTokens: 512 } as const;

/** A mail pipeline with an engine of its own, on the NATS that the cluster has already. */
export function mailPipeline(): App {
  const topology = defineTopology({
    name: 'support',
    queues: { tickets: { arrivalRate: '20/s', peakRate: '80/s', doneWithin: '1 minute' } },
    engines: {
      bge: {
        service: inferenceEngine,
        task: 'embedding',
        model,
        tokenRate: '2500/s',
        tokensPerRequest: 90,
        doneWithin: '1 second',
      },
    },
    workers: {
      triage: {
        service: taskQueue,
        queue: 'tickets',
        workTime: { mean: '200 milliseconds', p99: '1 second' },
        calls: { embedder: { engine: 'bge' } },
      },
    },
  });
  const app = new App();
  const shared = {
    topology,
    namespace: 'support',
    nats: new NatsService({ name: 'bus', namespace: 'messaging', replicas: 5, syncInterval: 'always' }),
  };
  const image = (name: string) => ImageReference.parse(`registry.example.com/support/${name}:2.3.1`);
  const effects = { storageClass: 'fast', size: Bytes.parse('20 GiB') };
  new NamespaceChart(app, 'namespace', { ...shared, effectsSize: effects.size });
  new MessagingChart(app, 'messaging', { ...shared, streamSize: Bytes.parse('10 GiB') });
  const addressesOf = () => ({ PENSTOCK_CLASSIFIER: Binding.of('/app/classifiers/tickets.json') });
  new WorkloadsChart(app, 'workloads', {
    ...shared,
    imageOf: image,
    weightsOf: (engine) => Weights.image(image(engine)),
    addressesOf,
    effects,
    monitoringNamespace: 'monitoring',
  });
  return app;
}
