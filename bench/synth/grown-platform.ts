import { inferenceEngine } from '@penstock/inference-engine/service';
import { mailClassifier } from '@penstock/mail-classifier/service';
import {
  defineTopology,
  type InferenceEngineSpec,
  type QueueSpec,
  type Topology,
  type WorkerSpec,
} from '@penstock/model';
import { dev } from '../../stacks/environments/dev.ts';
import type { KubernetesEnvironment } from '../../stacks/environments/index.ts';

const WORKLOADS_PER_ENGINE = 5;

/** A platform of so many workloads in one namespace: of each five one is an engine, and four are workers of a queue each that call it. */
export function growPlatform(workloads: number): {
  readonly topology: Topology;
  readonly environment: KubernetesEnvironment;
} {
  const ids = Array.from({ length: workloads }, (_, n) => n);
  const isEngine = (n: number): boolean => n % WORKLOADS_PER_ENGINE === 0;
  const engines = ids.filter(isEngine).map((n) => [`engine-${n}`, ENGINE] as const);
  const workers = ids.filter((n) => !isEngine(n)).map((n) => [`worker-${n}`, workerOf(n)] as const);
  const topology = defineTopology({
    name: 'grown',
    queues: Object.fromEntries(workers.map(([, { queue }]) => [queue, QUEUE])),
    engines: Object.fromEntries(engines),
    workers: Object.fromEntries(workers),
  });
  const [weights] = Object.values(dev.weights);
  return {
    topology,
    environment: { ...dev, weights: Object.fromEntries(engines.map(([id]) => [id, weights as string])), addresses: {} },
  };
}

const QUEUE: QueueSpec = { arrivalRate: '1/s', doneWithin: '2 minutes', maxItemSize: '64 KiB' };

const ENGINE: InferenceEngineSpec = {
  service: inferenceEngine,
  task: 'embedding',
  model: { id: 'all-minilm-l6-v2', revision: '1.19.0-beta29', weights: '90 MB', dimensions: 384, maxTokens: 128 },
  tokenRate: '3500/s',
  tokensPerRequest: 110,
  doneWithin: '1 second',
  loadTime: '5 seconds',
  resources: { cpu: 1, memory: '1 GiB' },
};

const workerOf = (n: number): WorkerSpec => ({
  service: mailClassifier,
  queue: `queue-${n}`,
  workTime: { mean: '250 milliseconds', p99: '1 second' },
  itemsAtOnce: 8,
  calls: { embedder: { engine: `engine-${n - (n % WORKLOADS_PER_ENGINE)}` } },
  resources: { cpu: 0.25, memory: '256 MiB' },
});
