import { inferenceEngine } from '@penstock/inference-engine/service';
import { mailClassifier } from '@penstock/mail-classifier/service';
import { Bytes, defineTopology } from '@penstock/model';
import { App } from 'cdk8s';
import { platformCharts } from '../../charts/platform.ts';
import { Binding } from '../../constructs/binding.ts';
import { ImageReference, NatsService, Weights } from '../../constructs/kubernetes/index.ts';

const engine = {
  service: inferenceEngine,
  task: 'embedding',
  tokenRate: '2500/s',
  tokensPerRequest: 90,
  doneWithin: '1 second',
} as const;
const model = { id: 'bge-small', revision: '1.5.0', weights: '130 MB', dimensions: 384, maxTokens: 512 } as const;

/** A mail pipeline with an engine of its own, on the NATS that the cluster has already. */
export function mailPipeline(): App {
  const topology = defineTopology({
    name: 'support',
    queues: { tickets: { arrivalRate: '20/s', peakRate: '80/s', doneWithin: '1 minute' } },
    engines: { bge: { ...engine, model } },
    workers: {
      triage: {
        service: mailClassifier,
        queue: 'tickets',
        workTime: { mean: '200 milliseconds', p99: '1 second' },
        calls: { embedder: { engine: 'bge' } },
      },
    },
  });
  const app = new App();
  const imageOf = (name: string) => ImageReference.parse(`registry.example.com/support/${name}:2.3.1`);
  platformCharts(app, {
    topology,
    namespace: 'support',
    nats: new NatsService({ name: 'bus', namespace: 'messaging', replicas: 5, syncInterval: 'always' }),
    streamSize: Bytes.parse('10 GiB'),
    imageOf,
    weightsOf: (engine) => Weights.image(imageOf(engine)),
    addressesOf: () => ({ PENSTOCK_CLASSIFIER: Binding.of('/app/classifiers/tickets.json') }),
    effects: { storageClass: 'fast', size: Bytes.parse('20 GiB') },
  });
  return app;
}
