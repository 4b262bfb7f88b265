import { declareWorker, defineTopology, vllm } from '@penstock/model';

const engine = {
  service: vllm,
  task: 'generation',
  accelerator: { gpu: 'l4', devices: 2 },
  model: { id: 'llama-8b', revision: '0e9e39f', weights: '16 GB', maxTokens: 8_192, cachePerToken: '128 KiB' },
  tokenRate: '4000/s',
  tokensPerRequest: 1_000,
  otherRequests: '8/s',
  doneWithin: '30 seconds',
  coldStart: '8 minutes',
  loadTime: '3 minutes',
  resources: { cpu: 6, memory: '48 GiB', ephemeralStorage: '20 GiB' },
} as const;

/** An engine on GPUs, asked from outside of the platform, and a worker beside it. */
export const chat = defineTopology({
  name: 'assistant',
  queues: { answers: { arrivalRate: '1/s', doneWithin: '1 hour' } },
  engines: { chat: engine },
  workers: {
    count: {
      service: declareWorker({ name: 'count', payload: 'answer', calls: [] }),
      queue: 'answers',
      workTime: { mean: '1 second', p99: '3 seconds' },
    },
  },
});

/** The same, asked by a worker. */
export const chatted = defineTopology({
  name: 'assistant',
  queues: { questions: { arrivalRate: '1/s', doneWithin: '1 hour' } },
  engines: { chat: engine },
  workers: {
    answer: {
      service: declareWorker({ name: 'answer', payload: 'question', calls: ['chat'] }),
      queue: 'questions',
      workTime: { mean: '5 seconds', p99: '60 seconds' },
      calls: { chat: { engine: 'chat' } },
    },
  },
});
