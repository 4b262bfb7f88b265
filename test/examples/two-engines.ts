import { Bytes, declareInferenceEngine, declareWorker, defineTopology } from '@penstock/model';
import { App } from 'cdk8s';
import { platformCharts } from '../../charts/platform.ts';
import { ImageReference, NatsService, Weights } from '../../constructs/kubernetes/index.ts';

const service = declareInferenceEngine({ name: 'encoder', tasks: ['embedding'] });
const indexer = declareWorker({ name: 'indexer', payload: 'document.v2', calls: ['titles', 'bodies'] });
const engine = {
  service,
  task: 'embedding',
  tokenRate: '4000/s',
  doneWithin: '2 seconds',
  resources: { cpu: 2, memory: '2 GiB' },
} as const;
const workTime = { mean: '1 second', p99: '4 seconds' } as const;
const calls = { titles: { engine: 'short' }, bodies: { engine: 'long' } } as const;
const model = { revision: '2.0.1', weights: '450 MB', dimensions: 768 } as const;

/** Services of a team's own: one worker that embeds titles and bodies by two engines of different models. */
export function twoEngines(): App {
  const topology = defineTopology({
    name: 'search',
    queues: { documents: { arrivalRate: '5/s', peakRate: '40/s', doneWithin: '10 minutes', maxItemSize: '512 KiB' } },
    engines: {
      short: { ...engine, model: { ...model, id: 'short-text', maxTokens: 64 }, tokensPerRequest: 16 },
      long: { ...engine, model: { ...model, id: 'long-text', maxTokens: 512 }, tokensPerRequest: 400 },
    },
    workers: { index: { service: indexer, queue: 'documents', workTime, calls } },
  });
  const app = new App();
  const imageOf = (name: string) =>
    ImageReference.parse(`registry.example.com/search/${name}@sha256:${'5e'.repeat(32)}`);
  platformCharts(app, {
    topology,
    namespace: 'search',
    nats: new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'periodic' }),
    streamSize: Bytes.parse('40 GiB'),
    imageOf,
    weightsOf: (engine) => Weights.image(imageOf(engine)),
    effects: { storageClass: 'standard', size: Bytes.parse('5 GiB') },
  });
  return app;
}
