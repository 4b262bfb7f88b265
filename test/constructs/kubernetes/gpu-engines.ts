import {
  Bytes,
  declareInferenceEngine,
  defineTopology,
  machineFor,
  textEmbeddings,
  triton,
  vllm,
} from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../../constructs/binding.ts';
import {
  GpuNodePool,
  GpuQuota,
  ImageReference,
  InferenceServer,
  type InferenceServerProps,
  NamespaceBaseline,
  NatsService,
  PlatformMonitoring,
  Weights,
  WeightsBucket,
  WorkloadNetwork,
} from '../../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';

// One engine for every way in which a model meets a GPU.

const llama = {
  id: 'llama-70b',
  revision: '5206a32',
  weights: '141 GB',
  maxTokens: 8_192,
  cachePerToken: '320 KiB',
} as const;
const small = {
  id: 'llama-8b',
  revision: '0e9e39f',
  weights: '16 GB',
  maxTokens: 8_192,
  cachePerToken: '128 KiB',
} as const;
const encoder = { id: 'bge-m3', revision: '5617a9f', weights: '2.3 GB', maxTokens: 8_192, dimensions: 1_024 } as const;
const ranker = { id: 'bge-reranker', revision: '953dc6f', weights: '2.3 GB', maxTokens: 512 } as const;
const chat = {
  service: vllm,
  task: 'generation',
  tokenRate: '4000/s',
  tokensPerRequest: 1_000,
  doneWithin: '30 seconds',
  coldStart: '8 minutes',
  loadTime: '3 minutes',
  resources: { cpu: 6, memory: '48 GiB', ephemeralStorage: '20 GiB' },
} as const;

export const gpuTopology = defineTopology({
  name: 'models',
  queues: {},
  workers: {},
  engines: {
    whole: { ...chat, model: small, accelerator: 'h100' },
    several: {
      ...chat,
      model: llama,
      accelerator: { gpu: 'h100', devices: 4 },
      resources: { cpu: 24, memory: '96 GiB' },
    },
    spanning: {
      ...chat,
      model: { ...llama, weights: '810 GB', id: 'llama-405b' },
      accelerator: { gpu: 'h100', devices: 8, nodes: 2 },
      resources: { cpu: 96, memory: '1000 GiB' },
    },
    slice: {
      service: textEmbeddings,
      task: 'embedding',
      model: encoder,
      accelerator: { gpu: 'h100', mig: '1g.10gb' },
      tokenRate: '80000/s',
      tokensPerRequest: 400,
      doneWithin: '1 second',
      resources: { cpu: 2, memory: '8 GiB' },
    },
    shared: {
      service: triton,
      task: 'reranking',
      model: ranker,
      accelerator: { gpu: 'l4', sharedBy: 4 },
      tokenRate: '60000/s',
      tokensPerRequest: 300,
      doneWithin: '1 second',
      resources: { cpu: 1, memory: '4 GiB' },
    },
    claimed: { ...chat, model: small, accelerator: { gpu: 'h100', mig: '3g.40gb' } },
    own: {
      service: declareInferenceEngine({ name: 'encoder', tasks: ['reranking'] }),
      task: 'reranking',
      model: ranker,
      accelerator: 'l4',
      tokenRate: '60000/s',
      tokensPerRequest: 300,
      doneWithin: '1 second',
      resources: { cpu: 2, memory: '8 GiB' },
    },
  },
});

export type GpuEngine = keyof typeof gpuTopology.engines;

export const NAMESPACE = 'models';
const image = (name: string) => ImageReference.parse(`registry.example.com/${name}@sha256:${'ab'.repeat(32)}`);
const h100 = machineFor('aws', 'p5.48xlarge', 'h100');
const volume = Weights.volume(Binding.of('models-weights'));

/** How each engine is served. */
const SERVED: Readonly<Record<GpuEngine, Pick<InferenceServerProps, 'weights'> & Partial<InferenceServerProps>>> = {
  whole: { weights: Weights.image(image('models/llama-8b')), machine: machineFor('gke', 'a3-highgpu-1g', 'h100') },
  several: { weights: volume, machine: h100 },
  spanning: { weights: volume, machine: h100 },
  slice: {
    weights: Weights.cloudStorage(Binding.of('weights'), Bytes.parse('10 GiB')),
    machine: machineFor('gke', 'a3-highgpu-8g', 'h100'),
  },
  shared: { weights: volume, machine: machineFor('aws', 'g6.2xlarge', 'l4') },
  claimed: { weights: volume, machine: h100, allocation: 'resource-claim' },
  own: { weights: Weights.image(image('models/bge-reranker')), machine: machineFor('aws', 'g6.2xlarge', 'l4') },
};

export const contextOf = (engine: GpuEngine): InferenceServerProps['context'] => {
  const workload = gpuTopology.engines[engine];
  return { topology: gpuTopology, workload, image: image(workload.service.name) };
};

/** What one engine becomes; `props` replace how it is served. */
export function serverManifests(engine: GpuEngine, props: Partial<InferenceServerProps> = {}): readonly Manifest[] {
  const chart = new Chart(new App(), 'engine', { namespace: NAMESPACE });
  new InferenceServer(chart, engine, { context: contextOf(engine), namespace: NAMESPACE, ...SERVED[engine], ...props });
  return chart.toJson() as Manifest[];
}

/** All of them in a namespace of theirs, watched and with their share of the devices. */
export function gpuPlatform(): readonly Manifest[] {
  const app = new App();
  new NamespaceBaseline(new Chart(app, '0-namespace'), 'baseline', {
    topology: gpuTopology,
    name: NAMESPACE,
    claims: { count: 1, storage: Bytes.parse('1 TiB') },
  });
  const chart = new Chart(app, '1-engines', { namespace: NAMESPACE });
  new WeightsBucket(chart, 'weights', { topology: gpuTopology, namespace: NAMESPACE, bucket: Binding.of('models') });
  const nats = new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'periodic' });
  const { queueLabel } = new GpuQuota(chart, 'quota', {
    name: 'models',
    namespace: NAMESPACE,
    shares: [{ machine: h100, gpus: 8 }],
  });
  const engines = (Object.keys(SERVED) as GpuEngine[]).map(
    (engine) =>
      new InferenceServer(chart, engine, {
        context: contextOf(engine),
        namespace: NAMESPACE,
        ...SERVED[engine],
        ...(engine === 'several' ? { queueLabel } : {}),
      }),
  );
  new WorkloadNetwork(chart, 'network', { workloads: engines, nats, monitoringNamespace: 'monitoring' });
  new PlatformMonitoring(chart, 'monitoring', {
    topology: gpuTopology,
    namespace: NAMESPACE,
  });
  const cluster = { role: Binding.of('nodes'), discovery: Binding.of('prod') };
  const image = 'bottlerocket@v1.64.0';
  const l4 = {
    gpu: 'l4',
    capacity: { type: 'on-demand', machines: ['g6.2xlarge'] },
    image,
    maxGpus: 8,
    cluster,
  } as const;
  const h100s = {
    gpu: 'h100',
    capacity: { type: 'on-demand', machines: ['p5.48xlarge'] },
    image,
    maxGpus: 32,
    cluster,
  } as const;
  new GpuNodePool(chart, 'l4', { ...l4, name: 'l4' });
  new GpuNodePool(chart, 'l4-shared', { ...l4, name: 'l4-shared', sharing: { kind: 'time-slicing', clients: 4 } });
  new GpuNodePool(chart, 'h100', { ...h100s, name: 'h100' });
  new GpuNodePool(chart, 'h100-sliced', {
    ...h100s,
    name: 'h100-sliced',
    sharing: { kind: 'mig', profile: '3g.40gb' },
  });
  return app.charts.flatMap((each) => each.toJson() as Manifest[]);
}
