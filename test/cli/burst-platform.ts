import { mailClassifier } from '@penstock/mail-classifier/service';
import { defineTopology } from '@penstock/model';
import { platform as mailroom } from '../../stacks/platform.ts';

/**
 * The mailroom with a worker that sleeps without work. One item at once and a short promise make a small backlog need
 * replicas: 1 + floor(1 / 0.2 * (29 - 23) / 2) = 16 items each, 2 / 0.7 so 3 of them at most.
 */
export const platform = defineTopology({
  name: 'burst',
  queues: { mails: { arrivalRate: '2/s', peakRate: '10/s', doneWithin: '30 seconds', maxItemSize: '64 KiB' } },
  engines: {
    embedder: {
      service: mailroom.engines['embedder'].service,
      task: 'embedding',
      model: { id: 'all-minilm-l6-v2', revision: 'any', weights: '90 MB', dimensions: 384, maxTokens: 128 },
      tokenRate: '3500/s',
      tokensPerRequest: 110,
      doneWithin: '1 second',
      resources: { memory: '1 GiB' },
    },
  },
  workers: {
    classify: {
      service: mailClassifier,
      queue: 'mails',
      workTime: { mean: '200 milliseconds', p99: '1 second' },
      coldStart: '1 second',
      idle: 'scale-to-zero',
      pinned: { cooldown: '5 seconds' },
      calls: { embedder: { engine: 'embedder' } },
    },
  },
});
