import { declareWorker, defineTopology, vllm } from '@penstock/model';
import type { AwsEnvironment, EngineServing } from '../../../stacks/environments/aws-environment.ts';
import { full } from './shop.ts';

const chat = {
  service: vllm,
  task: 'generation',
  accelerator: 'l4',
  model: { id: 'llama-8b', revision: '0e9e39f', weights: '8 GB', maxTokens: 4_096, cachePerToken: '128 KiB' },
  tokenRate: '2000/s',
  tokensPerRequest: 500,
  otherRequests: '3/s',
  doneWithin: '30 seconds',
  loadTime: '2 minutes',
  resources: { cpu: 2, memory: '12 GiB' },
} as const;

const digester = declareWorker({ name: 'digester', payload: 'letter.v1', calls: [] });
const work = { service: digester, queue: 'letters', workTime: { mean: '4 seconds', p99: '40 seconds' } } as const;
const queues = { letters: { arrivalRate: '1/s', peakRate: '2/s', doneWithin: '5 minutes' } } as const;

/** Letters are digested by a worker that asks an engine by itself. */
export const digests = defineTopology({
  name: 'post',
  queues,
  workers: { digest: { ...work } },
  engines: { chat },
});

const caller = declareWorker({ name: 'digester', payload: 'letter.v1', calls: ['writer'] });

/** The same, by a call that the declaration knows. */
export const called = defineTopology({
  name: 'post',
  queues,
  workers: { digest: { ...work, service: caller, calls: { writer: { engine: 'chat' } } } },
  engines: { chat },
});

export const SAGEMAKER = {
  by: 'sagemaker',
  machine: 'ml.g6.2xlarge',
  serving: 'real-time',
  digest: `sha256:${'0'.repeat(64)}`,
} as const satisfies EngineServing;

export const BEDROCK = {
  by: 'bedrock',
  model: { profile: 'eu.writer-v1:0', model: 'writer-v1:0', regions: ['eu-central-1', 'eu-west-1'] },
  guardrail: { strength: 'HIGH', refusal: 'I cannot help with that.' },
} as const satisfies EngineServing;

export const SERVINGS = {
  'at once': SAGEMAKER,
  'on demand': { ...SAGEMAKER, serving: 'on-demand' },
  asynchronously: { ...SAGEMAKER, serving: 'asynchronous' },
  'by Bedrock': BEDROCK,
} as const satisfies Readonly<Record<string, EngineServing>>;

/** One in which Amazon serves the engine, and the worker may ask it. */
export const servingEnvironment = (chatServing: EngineServing): AwsEnvironment => ({
  ...full,
  serving: { chat: chatServing },
  workloads: {
    ...full.workloads,
    versions: { digester: '1.0.0' },
    invokes: { digest: ['chat'] },
  },
});
