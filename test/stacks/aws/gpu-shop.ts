import { defineTopology, vllm } from '@penstock/model';
import type { AwsEnvironment, ClusterEnvironment } from '../../../stacks/environments/aws-environment.ts';
import { full } from './shop.ts';

const chat = {
  service: vllm,
  task: 'generation',
  model: { id: 'llama-8b', revision: '0e9e39f', weights: '16 GB', maxTokens: 8_192, cachePerToken: '128 KiB' },
  tokenRate: '4000/s',
  tokensPerRequest: 1_000,
  otherRequests: '3/s',
  doneWithin: '30 seconds',
  coldStart: '8 minutes',
  loadTime: '3 minutes',
  resources: { cpu: 6, memory: '48 GiB', ephemeralStorage: '20 GiB' },
} as const;

const topics = {
  orders: { arrivalRate: '1/s', consumers: { billing: { workTime: { mean: '20 milliseconds', p99: '1 second' } } } },
} as const;

/** One engine on a whole device, and a topic that somebody reads. */
export const gpuTopology = defineTopology({
  name: 'shop',
  queues: {},
  workers: {},
  topics,
  engines: { chat: { ...chat, accelerator: 'l40s' } },
});

/** The same engine, several replicas of it on one device. */
export const sharedTopology = defineTopology({
  name: 'shop',
  queues: {},
  workers: {},
  engines: { chat: { ...chat, accelerator: { gpu: 'l40s', sharedBy: 2 } } },
});

/** Of another declaration in one number of one workload. */
export const laterTopology = defineTopology({
  name: 'shop',
  queues: {},
  workers: {},
  topics,
  engines: { chat: { ...chat, accelerator: 'l40s', resources: { ...chat.resources, cpu: 5 } } },
});

export const COMPUTE = {
  karpenter: { mode: 'nodes', version: '1.36', gpus: { by: 'karpenter', image: 'bottlerocket@v1.64.0' } },
  'node-groups': { mode: 'nodes', version: '1.36', gpus: { by: 'node-groups' } },
  auto: { mode: 'auto', version: '1.36', maxCpus: 200 },
} as const satisfies Readonly<Record<string, ClusterEnvironment['compute']>>;

/** One that has everything Amazon runs, and machines for the engine by one of the ways there are. */
export const gpuEnvironment = (
  compute: keyof typeof COMPUTE,
  more: Partial<ClusterEnvironment> = {},
): AwsEnvironment => ({
  ...full,
  cluster: { ...full.cluster, compute: COMPUTE[compute], ...more },
  workloads: {
    ...full.workloads,
    versions: { [vllm.name]: '0.24.0' },
    machines: { chat: 'g6e.2xlarge' },
  },
});
