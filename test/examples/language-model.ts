import { defineTopology, machineFor, vllm } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../constructs/binding.ts';
import {
  GpuNodePool,
  ImageReference,
  InferenceServer,
  PlatformMonitoring,
  WeightsBucket,
} from '../../constructs/kubernetes/index.ts';

/** A language model on four H100 a replica, its weights in a bucket, its nodes bought when they are needed. */
export function languageModel(): App {
  const topology = defineTopology({
    name: 'chat',
    queues: {},
    workers: {},
    engines: {
      llama: {
        service: vllm,
        task: 'generation',
        model: { id: 'llama-70b', revision: '5206a32', weights: '141 GB', maxTokens: 8192, cachePerToken: '320 KiB' },
        accelerator: { gpu: 'h100', devices: 4 },
        tokenRate: '2500/s',
        tokensPerRequest: 1200,
        otherRequests: '5/s',
        doneWithin: '1 minute',
        coldStart: '8 minutes',
        loadTime: '4 minutes',
        resources: { cpu: 24, memory: '96 GiB', ephemeralStorage: '20 GiB' },
      },
    },
  });
  const app = new App();
  const chart = new Chart(app, 'chat', { namespace: 'chat' });
  const { weights } = new WeightsBucket(chart, 'weights', {
    topology,
    namespace: 'chat',
    bucket: Binding.of('models'),
  });
  const image = ImageReference.parse('registry.example.com/vllm:0.33.0');
  const context = { topology, workload: topology.engines.llama, image };
  const machine = machineFor('aws', 'p5.48xlarge', 'h100');
  new InferenceServer(chart, 'llama', { context, namespace: 'chat', weights, machine });
  new GpuNodePool(chart, 'nodes', {
    name: 'h100',
    gpu: 'h100',
    capacity: { type: 'on-demand', machines: ['p5.48xlarge'] },
    image: 'bottlerocket@v1.64.0',
    maxGpus: 24,
    cluster: { role: Binding.of('gpu-nodes'), discovery: Binding.of('prod') },
  });
  new PlatformMonitoring(chart, 'monitoring', { topology, namespace: 'chat' });
  return app;
}
