import { describe, expect, test } from '@jest/globals';
import { machineFor } from '@penstock/model';
import { ConstructError } from '../../../constructs/errors.ts';
import type { InferenceServerProps } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { type GpuEngine, gpuPlatform, gpuTopology, serverManifests } from './gpu-engines.ts';

interface Json {
  readonly [field: string]: Json;
}
const specOf = (manifests: readonly Manifest[], kind: string) =>
  manifests.find((each) => each.kind === kind)?.['spec'] as unknown as Json;
const podOf = (engine: GpuEngine) => specOf(serverManifests(engine), 'Deployment')['template']?.['spec'] as Json;
const containerOf = (engine: GpuEngine) => podOf(engine)['containers']?.['0'] as Json;
const argsOf = (engine: GpuEngine) => containerOf(engine)['args'] as unknown as readonly string[];

const codeOf = (engine: GpuEngine, props: Partial<InferenceServerProps>): string | undefined => {
  try {
    serverManifests(engine, props);
  } catch (error) {
    if (ConstructError.is(error)) return error.code;
    throw error;
  }
  return undefined;
};

describe('an engine on a GPU', () => {
  test('asks for whole devices on nodes of their class, and tolerates what keeps others out', () => {
    expect(containerOf('several')['resources']).toMatchObject({ limits: { 'nvidia.com/gpu': '4' } });
    expect(podOf('several')).toMatchObject({
      nodeSelector: { 'penstock.dev/gpu-class': 'h100', 'penstock.dev/gpu-sharing': 'whole' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    });
  });

  test('on GKE finds its nodes by the labels that GKE gives them', () => {
    expect(podOf('whole')['nodeSelector']).toEqual({ 'cloud.google.com/gke-accelerator': 'nvidia-h100-80gb' });
    expect(podOf('slice')['nodeSelector']).toMatchObject({ 'cloud.google.com/gke-gpu-partition-size': '1g.10gb' });
  });

  test('with a share of a device goes where devices are shared in that way', () => {
    expect(podOf('shared')['nodeSelector']).toMatchObject({ 'penstock.dev/gpu-sharing': 'time-slicing-4' });
    expect(containerOf('shared')['resources']).toMatchObject({ limits: { 'nvidia.com/gpu': '1' } });
  });

  test('has room in memory for its devices to talk, where it has several', () => {
    expect(podOf('several')['volumes']).toMatchObject([
      { name: 'scratch' },
      { name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '8Gi' } },
      { name: 'model' },
    ]);
    expect(JSON.stringify(podOf('whole'))).not.toContain('/dev/shm');
  });

  test('that fills its machine is replaced in place; where there is room for a second, before the first goes', () => {
    const rolloutOf = (engine: GpuEngine) =>
      specOf(serverManifests(engine), 'Deployment')['strategy']?.['rollingUpdate'];
    expect(rolloutOf('whole')).toEqual({ maxSurge: 0, maxUnavailable: 1 });
    expect(rolloutOf('several')).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    expect(rolloutOf('shared')).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  });

  test('may take twice its load time to start, and its rollout twice the node and the load', () => {
    const { failureThreshold, periodSeconds } = containerOf('whole')['startupProbe'] as unknown as Record<
      string,
      number
    >;
    expect((failureThreshold as number) * (periodSeconds as number)).toBe(360);
    expect(specOf(serverManifests('whole'), 'Deployment')['progressDeadlineSeconds']).toBe(1_320);
  });

  test('waits in the queue of its quota', () => {
    const [deployment] = serverManifests('several', { queueLabel: { 'kueue.x-k8s.io/queue-name': 'models' } });
    expect(deployment?.metadata.labels).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'models' });
  });

  test('by a claim has a template that makes one for each pod, of the slice it was sized for', () => {
    const manifests = serverManifests('claimed');
    expect(specOf(manifests, 'ResourceClaimTemplate')).toMatchObject({
      spec: {
        devices: {
          requests: [
            {
              exactly: {
                deviceClassName: 'mig.nvidia.com',
                selectors: [{ cel: { expression: "device.attributes['gpu.nvidia.com'].profile == '3g.40gb'" } }],
              },
            },
          ],
        },
      },
    });
    expect(podOf('claimed')['resourceClaims']).toEqual([{ name: 'gpu', resourceClaimTemplateName: 'models-claimed' }]);
    expect(containerOf('claimed')['resources']).toMatchObject({ claims: [{ name: 'gpu' }] });
    expect(containerOf('claimed')['resources']?.['limits']).not.toHaveProperty(['nvidia.com/gpu']);
  });

  test.each([
    ['no machine', 'several', { machine: undefined }, 'reference-missing'],
    ['devices of another class', 'several', { machine: machineFor('aws', 'g6.12xlarge', 'l4') }, 'machine-unfit'],
    [
      'fewer devices than a replica has',
      'several',
      { machine: machineFor('gke', 'a3-highgpu-1g', 'h100') },
      'machine-unfit',
    ],
    ['less memory than a replica has', 'own', { machine: machineFor('aws', 'g5g.xlarge', 't4g') }, 'machine-unfit'],
    ['a claim of a device that is shared', 'shared', { allocation: 'resource-claim' }, 'machine-unfit'],
  ] as const)('rejects %s', (_, engine, props, code) => {
    expect(codeOf(engine, props as Partial<InferenceServerProps>)).toBe(code);
  });
});

describe('a replica that spans nodes', () => {
  const group = specOf(serverManifests('spanning'), 'LeaderWorkerSet');
  const templates = group['leaderWorkerTemplate'] as Json;
  const podIn = (role: 'leader' | 'worker') => templates[`${role}Template`]?.['spec'] as Json;

  test('is a group of as many pods, replaced as a whole', () => {
    expect(group).toMatchObject({ replicas: gpuTopology.engines.spanning.replicas });
    expect(templates).toMatchObject({ size: 2, restartPolicy: 'RecreateGroupOnPodRestart' });
  });

  test('splits tensors within a node and layers over nodes, by what the group tells each pod', () => {
    const args = podIn('worker')['containers']?.['0']?.['args'] as unknown as readonly string[];
    expect(args).toEqual(
      expect.arrayContaining([
        '--tensor-parallel-size=8',
        '--pipeline-parallel-size=2',
        '--nnodes=2',
        '--node-rank=$(LWS_WORKER_INDEX)',
        '--master-addr=$(LWS_LEADER_ADDRESS)',
        '--headless',
      ]),
    );
  });

  test('is asked through its leader alone', () => {
    const service = specOf(serverManifests('spanning'), 'Service');
    expect(service['selector']).toMatchObject({ 'penstock.dev/group-role': 'leader' });
    expect(podIn('leader')['containers']?.['0']).toHaveProperty('readinessProbe');
    expect(podIn('worker')['containers']?.['0']).not.toHaveProperty('readinessProbe');
    expect(podIn('worker')['containers']?.['0']).not.toHaveProperty('ports');
  });

  test('lets its pods reach each other by whatever port their libraries pick, and nobody else', () => {
    const policy = gpuPlatform().find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'models-spanning',
    );
    const own = { 'app.kubernetes.io/name': 'spanning', 'app.kubernetes.io/part-of': 'models' };
    const ports = [{ port: 1_024, endPort: 65_535, protocol: 'TCP' }];
    expect(policy?.['spec']).toMatchObject({
      ingress: expect.arrayContaining([{ from: [{ podSelector: { matchLabels: own } }], ports }]),
      egress: [{ to: [{ podSelector: { matchLabels: own } }], ports }],
    });
  });

  test('lies in one zone', () => {
    for (const role of ['leader', 'worker'] as const) {
      expect(podIn(role)['affinity']).toMatchObject({
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'topology.kubernetes.io/zone',
              matchLabelKeys: ['leaderworkerset.sigs.k8s.io/group-key'],
            },
          ],
        },
      });
    }
  });
});

describe('a public server', () => {
  test('gets the numbers of the model in its own words: vLLM', () => {
    const { maxRequests, maxQueueTokens, maxBatchTokens } = gpuTopology.engines.whole;
    expect(argsOf('whole')).toEqual([
      '/var/lib/penstock/model',
      '--served-model-name=llama-8b',
      '--port=8000',
      '--runner=generate',
      '--max-model-len=8192',
      `--max-num-seqs=${maxRequests}`,
      `--max-num-batched-tokens=${maxBatchTokens}`,
      `--max-num-queued-tokens=${maxQueueTokens}`,
      '--shutdown-timeout=46',
      '--tensor-parallel-size=1',
      '--gpu-memory-utilization=0.9',
    ]);
  });

  test('gets the numbers of the model in its own words: text-embeddings-inference', () => {
    const { maxRequests, maxBatchTokens } = gpuTopology.engines.slice;
    expect(argsOf('slice')).toEqual(
      expect.arrayContaining([
        '--model-id=/var/lib/penstock/model',
        `--max-batch-tokens=${maxBatchTokens}`,
        `--max-concurrent-requests=${maxRequests}`,
        '--prometheus-port=9000',
      ]),
    );
  });

  test('is asked by three questions of its own, liveness never by the one for readiness', () => {
    const questions = (engine: GpuEngine) =>
      (['startupProbe', 'readinessProbe', 'livenessProbe'] as const).map(
        (probe) => containerOf(engine)[probe]?.['httpGet']?.['path'],
      );
    expect(questions('whole')).toEqual(['/health', '/v1/models', '/health']);
    expect(questions('slice')).toEqual(['/health', '/health', '/info']);
    expect(questions('shared')).toEqual(['/v2/health/ready', '/v2/health/ready', '/v2/health/live']);
    expect(questions('own')).toEqual(['/livez', '/readyz', '/livez']);
  });

  test('with one port for everything names it once: the API server warns of two', () => {
    expect(containerOf('whole')['ports']).toEqual([{ name: 'ops', containerPort: 8000 }]);
    expect(specOf(serverManifests('whole'), 'Service')['ports']).toMatchObject([{ port: 8000, targetPort: 'ops' }]);
  });

  test('ends before it is killed: what is left of the grace after the endpoint has gone', () => {
    const { terminationGrace } = gpuTopology.engines.whole;
    const timeout = Number(/--shutdown-timeout=(\d+)/.exec(argsOf('whole').join(' '))?.[1]);
    const sleep = containerOf('whole')['lifecycle']?.['preStop']?.['sleep']?.['seconds'] as unknown as number;
    expect(sleep + timeout).toBeLessThan(terminationGrace.toSeconds('up'));
  });

  test('never asks a hub: its files are there', () => {
    expect(containerOf('whole')['env']).toContainEqual({ name: 'HF_HUB_OFFLINE', value: '1' });
  });
});

describe('the weights of an engine', () => {
  const modelVolume = (engine: GpuEngine) =>
    (podOf(engine)['volumes'] as unknown as readonly Json[]).find(({ name }) => (name as unknown) === 'model');

  test('are an image at its revision', () => {
    expect(modelVolume('whole')).toMatchObject({ image: { pullPolicy: 'IfNotPresent' } });
  });

  test('are the folder of their revision in a volume that nobody writes', () => {
    expect(modelVolume('several')).toMatchObject({
      persistentVolumeClaim: { claimName: 'models-weights', readOnly: true },
    });
    expect(containerOf('several')['volumeMounts']).toContainEqual({
      name: 'model',
      mountPath: '/var/lib/penstock/model',
      readOnly: true,
      subPath: 'llama-70b/5206a32',
    });
  });

  test('are the folder of their revision in a bucket, cached on the node within a bound', () => {
    expect(modelVolume('slice')).toMatchObject({
      csi: {
        driver: 'gcsfuse.csi.storage.gke.io',
        readOnly: true,
        volumeAttributes: { mountOptions: expect.stringContaining('only-dir=bge-m3/5617a9f') },
      },
    });
    expect(specOf(serverManifests('slice'), 'Deployment')['template']?.['metadata']?.['annotations']).toMatchObject({
      'gke-gcsfuse/volumes': 'true',
      'gke-gcsfuse/ephemeral-storage-limit': '10Gi',
    });
  });
});

describe('everything that engines on GPUs emit', () => {
  test('holds every rule', () => {
    expect(checkManifests(gpuPlatform())).toEqual([]);
  });

  test('is held to its number of devices', () => {
    const quota = gpuPlatform().find(({ kind }) => kind === 'ResourceQuota') as Manifest;
    const devices = Object.values(gpuTopology.engines).map(({ replicas, accelerator }) =>
      accelerator === 'cpu' ? 0 : (2 * replicas * accelerator.nodes + 1) * accelerator.devices,
    );
    expect(quota['spec']).toMatchObject({
      hard: { 'requests.nvidia.com/gpu': devices.reduce((sum, each) => sum + each, 0) },
    });
  });

  describeWith(realData, 'given the schemas of the API server', () => {
    test('is taken without a field that they do not know', () => {
      const schemas = new ApiSchemas();
      expect(gpuPlatform().flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
    });
  });
});
