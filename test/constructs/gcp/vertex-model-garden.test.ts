import { describe, expect, test } from '@jest/globals';
import { isSecret } from '@pulumi/pulumi';
import { Binding } from '../../../constructs/binding.ts';
import { ModelGardenDeployment, type ModelGardenDeploymentArgs } from '../../../constructs/gcp/vertex-model-garden.ts';
import { DeploymentResourcePool } from '../../../constructs/gcp/vertex-resource-pool.ts';
import { SecretReference } from '../../../constructs/secret-reference.ts';
import { runProgram, settled, TOKEN } from './vertex-program.ts';

const args: ModelGardenDeploymentArgs = {
  location: 'europe-west4',
  model: { huggingFace: 'Qwen/Qwen3-0.6B' },
  licenceAccepted: true,
  machine: { gpu: 'l4', machine: 'g2-standard-24' },
  replicas: { min: 1, max: 4 },
};
const SECRET_KEY = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';

const made = (more: Partial<ModelGardenDeploymentArgs> = {}) =>
  runProgram(() => new ModelGardenDeployment('chat', { ...args, ...more }));
const inputsOf = async (more: Partial<ModelGardenDeploymentArgs> = {}) =>
  (await made(more)).inputsOf('AiEndpointWithModelGardenDeployment');

describe('a deployment from the Model Garden', () => {
  test('takes all devices of its machine, by the name that Vertex AI has for them', async () => {
    expect(await inputsOf()).toMatchObject({
      huggingFaceModelId: 'Qwen/Qwen3-0.6B',
      deployConfig: {
        dedicatedResources: {
          machineSpec: { machineType: 'g2-standard-24', acceleratorType: 'NVIDIA_L4', acceleratorCount: 2 },
          minReplicaCount: 1,
          maxReplicaCount: 4,
        },
      },
      modelConfig: { acceptEula: true },
    });
  });

  test('scales by the metrics that are stated, and by no other', async () => {
    const machine = {
      gpu: 'l4',
      machine: 'g2-standard-24',
      devices: 1,
      scaleAt: { acceleratorDutyCycle: '29%' },
    } as const;
    expect(await inputsOf({ machine })).toMatchObject({
      deployConfig: {
        dedicatedResources: {
          machineSpec: { acceleratorCount: 1 },
          autoscalingMetricSpecs: [
            { metricName: 'aiplatform.googleapis.com/prediction/online/accelerator/duty_cycle', target: 29 },
          ],
        },
      },
    });
  });

  test('reads the token from its secret, and everything it is in is secret', async () => {
    const token = SecretReference.inStore({ key: Binding.of('hugging-face'), property: 'token', version: '3' });
    const program = await made({ model: { huggingFace: 'google/gemma-2-2b-it', token } });
    expect(program.read).toMatchObject([
      {
        token: 'gcp:secretmanager/getSecretVersion:getSecretVersion',
        inputs: { secret: 'hugging-face', version: '3' },
      },
    ]);
    expect(program.inputsOf('AiEndpointWithModelGardenDeployment')).toMatchObject({
      // How the engine is told to encrypt what it writes down.
      modelConfig: { [SECRET_KEY]: SECRET, value: { huggingFaceAccessToken: TOKEN } },
    });
    const { modelConfig } = program.made.nodes.deployment;
    expect(await isSecret(modelConfig)).toBe(true);
  });

  test('hides nothing where there is no token', async () => {
    const { made: deployment } = await made();
    expect(await isSecret(deployment.nodes.deployment.modelConfig)).toBe(false);
    expect(await settled(deployment.deployedModelId)).toBe('7');
  });

  test('spans machines where the provider can, and takes reservations by name', async () => {
    expect(
      await inputsOf({
        machine: { gpu: 'h200', machine: 'a3-ultragpu-8g' },
        nodes: 2,
        capacity: { type: 'reserved', reservations: ['projects/p/zones/z/reservations/r'] },
      }),
    ).toMatchObject({
      deployConfig: {
        dedicatedResources: {
          machineSpec: {
            multihostGpuNodeCount: 2,
            reservationAffinity: {
              reservationAffinityType: 'SPECIFIC_RESERVATION',
              key: 'compute.googleapis.com/reservation-name',
              values: ['projects/p/zones/z/reservations/r'],
            },
          },
        },
      },
    });
  });

  test('says how its container is asked, in whole seconds', async () => {
    const image = `registry.example.com/vllm@sha256:${'ab'.repeat(32)}`;
    const container = {
      image,
      port: 8000,
      predictRoute: '/v1/chat/completions',
      healthRoute: '/health',
      sharedMemory: '4 GiB',
      deploymentTimeout: '90 minutes',
      env: { HF_HUB_OFFLINE: '1' },
      probes: { startup: { http: { path: '/health', port: 8000 }, failures: 60 } },
    } as const;
    expect(await inputsOf({ container })).toMatchObject({
      modelConfig: {
        containerSpec: {
          imageUri: image,
          ports: [{ containerPort: 8000 }],
          envs: [{ name: 'HF_HUB_OFFLINE', value: '1' }],
          sharedMemorySizeMb: '4096',
          deploymentTimeout: '5400s',
          startupProbe: {
            httpGet: { path: '/health', port: 8000, scheme: 'HTTP' },
            periodSeconds: 10,
            failureThreshold: 60,
          },
        },
      },
    });
  });

  test('is reached from the projects it names where it is private', async () => {
    const inputs = await inputsOf({
      access: {
        type: 'private-service-connect',
        projects: ['shop'],
        connection: { project: 'shop', network: 'projects/shop/global/networks/main' },
      },
    });
    expect(inputs['endpointConfig']).toEqual({
      privateServiceConnectConfig: {
        enablePrivateServiceConnect: true,
        projectAllowlists: ['shop'],
        pscAutomationConfigs: { projectId: 'shop', network: 'projects/shop/global/networks/main' },
      },
    });
  });

  const image = 'registry.example.com/vllm:0.33.0';
  const container = { image, port: 8000, predictRoute: '/', healthRoute: '/health' } as const;
  test.each<[string, Partial<ModelGardenDeploymentArgs>, string]>([
    [
      'a machine that is sold by reservation only',
      { machine: { gpu: 'h200', machine: 'a3-ultragpu-8g' } },
      'machine-unfit',
    ],
    ['more devices than there are', { machine: { gpu: 'l4', machine: 'g2-standard-4', devices: 2 } }, 'machine-unfit'],
    ['several nodes without devices', { machine: { machine: 'e2-standard-4' }, nodes: 2 }, 'machine-unfit'],
    [
      'several nodes with a part of each',
      { machine: { gpu: 'l4', machine: 'g2-standard-24', devices: 1 }, nodes: 2 },
      'machine-unfit',
    ],
    [
      'to sleep, where the number is not seen by the compiler',
      { replicas: { min: Number('0'), max: 1 } },
      'quantity-malformed',
    ],
    ['fewer replicas at most than at least', { replicas: { min: 3, max: 2 } }, 'quantity-malformed'],
    [
      'a part of a per cent',
      { machine: { machine: 'e2-standard-4', scaleAt: { cpuUtilization: '0.5%' } } },
      'quantity-malformed',
    ],
    ['an image that moves', { container: { ...container, image: 'vllm:latest' } }, 'image-mutable'],
    ['a port that is none', { container: { ...container, port: 0 } }, 'quantity-malformed'],
    ['a deployment of three hours', { container: { ...container, deploymentTimeout: '3 hours' } }, 'window-too-long'],
    ['a licence that nobody agreed to', { licenceAccepted: false as true }, 'reference-missing'],
  ])('rejects %s before anything is made', async (_, more, code) => {
    await expect(made(more)).rejects.toMatchObject({ code });
  });
});

describe('a pool of machines for several models', () => {
  test('is the name, the machine and the replicas', async () => {
    const program = await runProgram(
      () =>
        new DeploymentResourcePool('shared', {
          poolName: 'encoders',
          location: 'europe-west4',
          machine: { gpu: 't4', machine: 'n1-standard-16' },
          replicas: { min: 2, max: 2 },
        }),
    );
    expect(program.inputsOf('AiDeploymentResourcePool')).toMatchObject({
      name: 'encoders',
      region: 'europe-west4',
      dedicatedResources: {
        machineSpec: { machineType: 'n1-standard-16', acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 2 },
        minReplicaCount: 2,
        maxReplicaCount: 2,
      },
    });
  });

  test('rejects a machine that it could not buy, since it takes no reservations', async () => {
    const machine = { gpu: 'b200', machine: 'a4-highgpu-8g' } as const;
    await expect(
      runProgram(
        () => new DeploymentResourcePool('p', { poolName: 'p', location: 'x', machine, replicas: { min: 1, max: 1 } }),
      ),
    ).rejects.toMatchObject({ code: 'machine-unfit' });
  });
});
