import { inferenceEngine } from '@penstock/inference-engine/service';
import { mailClassifier } from '@penstock/mail-classifier/service';
import { defineTopology } from '@penstock/model';

/**
 * The one declaration: facts about the work and the promise made for it. Every number that infrastructure and services
 * run by follows from here. Mails arrive, each is embedded by a model and classified, and the verdict is stored once.
 */
export const platform = defineTopology({
  name: 'mailroom',
  queues: {
    mails: { arrivalRate: '60/s', peakRate: '200/s', doneWithin: '2 minutes', maxItemSize: '64 KiB' },
  },
  engines: {
    embedder: {
      service: inferenceEngine,
      task: 'embedding',
      model: {
        id: 'all-minilm-l6-v2',
        revision: '1.19.0-beta29',
        weights: '90 MB',
        dimensions: 384,
        // A mail shows what it is within its first lines; the model itself would read 256.
        maxTokens: 128,
      },
      // One thread of a cloud core, 128 tokens a text.
      tokenRate: '3500/s',
      tokensPerRequest: 110,
      doneWithin: '1 second',
      loadTime: '5 seconds',
      resources: { cpu: 1, memory: '1 GiB' },
    },
  },
  workers: {
    classify: {
      service: mailClassifier,
      queue: 'mails',
      workTime: { mean: '250 milliseconds', p99: '1 second' },
      itemsAtOnce: 8,
      calls: { embedder: { engine: 'embedder' } },
      resources: { cpu: 0.25, memory: '256 MiB' },
    },
  },
  objectives: {
    'mails-in-time': { queue: 'mails', target: '99.5%' },
  },
});
