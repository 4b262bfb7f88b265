import { describe, expect, test } from '@jest/globals';
import { defineTopology, parseProfile, textEmbeddings, vllm } from '@penstock/model';
import { VertexInference, type VertexInferenceArgs } from '../../../constructs/gcp/vertex-inference.ts';
import { VertexModel, type VertexModelArgs } from '../../../constructs/gcp/vertex-model.ts';
import { gpuTopology } from '../kubernetes/gpu-engines.ts';
import { runProgram } from './vertex-program.ts';

const TYPE = 'dynamic/penstock:VertexModel';
const IMAGE = `registry.example.com/vllm@sha256:${'ab'.repeat(32)}`;
const container = { image: IMAGE, predictRoute: '/v1/chat/completions', healthRoute: '/health' } as const;
const chat = {
  service: vllm,
  task: 'generation',
  model: { id: 'llama-8b', revision: '1', weights: '16 GB', maxTokens: 8_192, cachePerToken: '128 KiB' },
  tokenRate: '4000/s',
  tokensPerRequest: 1_000,
  doneWithin: '30 seconds',
  coldStart: '8 minutes',
  loadTime: '3 minutes',
  resources: { cpu: 6, memory: '48 GiB' },
  pinned: { replicas: 3 },
} as const;
const topology = defineTopology({
  name: 'models',
  queues: {},
  workers: {},
  engines: {
    chat: { ...chat, accelerator: { gpu: 'l4', devices: 2 } },
    encoder: {
      service: textEmbeddings,
      task: 'embedding',
      model: { id: 'minilm', revision: '1', weights: '90 MB', dimensions: 384, maxTokens: 128 },
      tokenRate: '3500/s',
      tokensPerRequest: 110,
      doneWithin: '1 second',
      resources: { cpu: 3, memory: '1 GiB' },
    },
  },
});

const args: VertexInferenceArgs = {
  topology,
  engine: 'chat',
  project: 'shop',
  location: 'europe-west4',
  machine: 'g2-standard-24',
  container,
  artifacts: 'gs://weights/llama-8b/1/',
  access: { type: 'public' },
  provider: 'stacks/gcp/vertex-provider.ts',
};
const made = (more: Partial<VertexInferenceArgs> = {}) =>
  runProgram(() => new VertexInference('chat', { ...args, ...more }));

describe('an engine of the topology on Vertex AI', () => {
  test('has the replicas, the devices and the times of the model', async () => {
    const inputs = (await made()).inputsOf(TYPE);
    expect(inputs).toMatchObject({
      parent: 'projects/shop/locations/europe-west4',
      endpoint: 'chat-edge-endpoint-id',
      artifactUri: 'gs://weights/llama-8b/1/',
      traffic: 100,
      resources: {
        dedicated: {
          machineSpec: { machineType: 'g2-standard-24', acceleratorType: 'NVIDIA_L4', acceleratorCount: 2 },
          minReplicaCount: 3,
          maxReplicaCount: 3,
        },
      },
      containerSpec: {
        imageUri: IMAGE,
        ports: [{ containerPort: 8000 }],
        sharedMemorySizeMb: '4096',
        // Twice the three minutes that it loads, asked every ten seconds.
        startupProbe: { httpGet: { path: '/health', port: 8000 }, periodSeconds: 10, failureThreshold: 36 },
        // Twice of node, image and loading together.
        deploymentTimeout: '1320s',
      },
    });
  });

  test('carries its profile, as on every other target', async () => {
    const { env } = (await made()).inputsOf(TYPE)['containerSpec'] as { env: { name: string; value: string }[] };
    const profile = env.find(({ name }) => name === 'PENSTOCK_PROFILE')?.value ?? '';
    expect(parseProfile(profile, vllm)).toMatchObject({ model: { id: 'llama-8b' } });
  });

  test('keeps fewer replicas where it is told so', async () => {
    expect((await made({ atLeast: 1 })).inputsOf(TYPE)).toMatchObject({
      resources: { dedicated: { minReplicaCount: 1, maxReplicaCount: 3 } },
    });
  });

  test('runs on processors without a device', async () => {
    const machineSpec = { machineType: 'e2-standard-4' };
    const inputs = (await made({ engine: 'encoder', machine: 'e2-standard-4' })).inputsOf(TYPE);
    expect(inputs['resources']).toMatchObject({ dedicated: { machineSpec } });
    expect(inputs).not.toHaveProperty('resources.dedicated.machineSpec.acceleratorType');
  });

  test.each<[string, Partial<VertexInferenceArgs>]>([
    ['a slice of a device', { topology: gpuTopology, engine: 'slice', machine: 'a3-highgpu-8g' }],
    ['a shared device', { topology: gpuTopology, engine: 'shared', machine: 'g2-standard-4' }],
    ['a replica over two nodes', { topology: gpuTopology, engine: 'spanning', machine: 'a3-highgpu-8g' }],
    ['a machine with too few devices', { machine: 'g2-standard-12' }],
    ['a machine without processors enough', { engine: 'encoder', machine: 'e2-standard-2' }],
    ['a machine with devices for an engine without', { engine: 'encoder', machine: 'g2-standard-4' }],
    ['a part of a machine with too little memory', { machine: 'g2-standard-48', topology: hungry() }],
  ])('rejects %s', async (_, more) => {
    await expect(made(more)).rejects.toMatchObject({ code: 'machine-unfit' });
  });

  test('rejects a machine whose devices are of another class', async () => {
    await expect(made({ machine: 'a3-highgpu-8g' })).rejects.toThrow('accelerator-mismatch');
  });

  test('rejects an engine that the topology has not', async () => {
    await expect(made({ engine: 'chatter' })).rejects.toMatchObject({ code: 'reference-missing' });
  });
});

/** Half of the devices of a machine, and more than half of its memory. */
function hungry() {
  return defineTopology({
    name: 'models',
    queues: {},
    workers: {},
    engines: { chat: { ...chat, accelerator: { gpu: 'l4', devices: 2 }, resources: { cpu: 6, memory: '100 GiB' } } },
  });
}

describe('a model of one’s own', () => {
  const own: VertexModelArgs = {
    project: 'shop',
    location: 'europe-west4',
    endpoint: 'projects/shop/locations/europe-west4/endpoints/1',
    container: { ...container, port: 8000, env: { A: '1' }, probes: { health: { command: ['true'] } } },
    resources: { machine: { gpu: 'l4', machine: 'g2-standard-12' }, replicas: { min: 1, max: 2 } },
    provider: 'stacks/gcp/vertex-provider.ts',
  };
  const inputsOf = async (more: Partial<VertexModelArgs> = {}) =>
    (await runProgram(() => new VertexModel('ranker', { ...own, ...more }))).inputsOf(TYPE);

  test('speaks of env and command, as the API does', async () => {
    const { containerSpec } = await inputsOf();
    expect(containerSpec).toMatchObject({
      env: [{ name: 'A', value: '1' }],
      healthProbe: { exec: { command: ['true'] } },
    });
    expect(containerSpec).not.toHaveProperty('envs');
  });

  test('has another id for whatever cannot change in place, and the same for what can', async () => {
    const { modelId, deployedModelId } = await inputsOf();
    expect(modelId).toMatch(/^[a-z][a-z0-9_-]{0,62}$/);
    expect(deployedModelId).toMatch(/^[1-9]\d{9}$/);
    const machine = { gpu: 'l4', machine: 'g2-standard-12' } as const;
    for (const more of [
      { traffic: '5%' },
      { labels: { a: 'b' } },
      { resources: { machine, replicas: { min: 2, max: 3 } } },
    ])
      expect(await inputsOf(more as Partial<VertexModelArgs>)).toMatchObject({ modelId, deployedModelId });
    for (const more of [{ artifacts: 'gs://other/' }, { endpoint: 'other' }, { resources: { pool: 'p' } }]) {
      const other = await inputsOf(more);
      expect([other['modelId'], other['deployedModelId']]).not.toContain(modelId);
      expect(other['deployedModelId']).not.toBe(deployedModelId);
    }
  });

  test('names its provider by a path of the project and by none of this machine', async () => {
    const { __provider: loader } = await inputsOf();
    expect(loader).toContain('"stacks/gcp/vertex-provider.ts"');
    expect(loader).not.toContain(process.cwd());
  });

  test.each(['/opt/provider.ts', '../provider.ts'])('rejects %s as the path of its provider', async (provider) => {
    await expect(inputsOf({ provider })).rejects.toMatchObject({ code: 'reference-missing' });
  });

  test('rejects parts of a per cent of the traffic', async () => {
    await expect(inputsOf({ traffic: '0.5%' })).rejects.toMatchObject({ code: 'quantity-malformed' });
  });
});
