import { describe, expect, test } from '@jest/globals';
import type { Topology } from '@penstock/model';
import { checkRequested } from '../../../constructs/policies/gcp/index.ts';
import { checkManifests } from '../../../constructs/policies/index.ts';
import type { GcpEnvironment } from '../../../stacks/gcp/environment.ts';
import { requestedManifests, stackEnvironment, synthesizeGcp } from '../../../stacks/gcp/synthesize.ts';
import { chat, chatted } from './chat.ts';
import { CLUSTER } from './shop.ts';

const prod = stackEnvironment('prod');
const workloads = {
  ...prod.workloads,
  ...CLUSTER,
  namespace: 'assistant',
  versions: { vllm: '0.12.0', answer: '1.0.0', count: '1.0.0' },
  machines: { chat: 'g2-standard-24' },
} as const;
const asked = (topology: Topology, change: Partial<GcpEnvironment> = {}) =>
  synthesizeGcp(topology, { ...prod, workloads, ...change });
const VERTEX = {
  chat: {
    machine: 'g2-standard-24',
    image: `registry.example.com/vllm@sha256:${'ab'.repeat(32)}`,
    predictRoute: '/v1/chat/completions',
    healthRoute: '/health',
    atLeast: 1,
  },
} as const;

describe('an engine on GPUs on Google Cloud', () => {
  const poolOf = async (change: Partial<GcpEnvironment> = {}) =>
    (await asked(chat, change)).find(({ type, name }) => type.endsWith(':NodePool') && name === 'g2-standard-24-whole')
      ?.inputs;

  test('has a pool of its machines, as large as all replicas and a rollout need, in every zone and by the hour', async () => {
    const { replicas } = chat.engines.chat;
    expect(await poolOf()).toMatchObject({
      nodeLocations: prod.zones,
      // Every replica once more while it goes, and one of a rollout; each fills a machine.
      autoscaling: { totalMinNodeCount: 0, totalMaxNodeCount: 2 * replicas + 1 },
      nodeConfig: {
        machineType: 'g2-standard-24',
        guestAccelerators: [{ type: 'nvidia-l4', count: 2 }],
        reservationAffinity: { consumeReservationType: 'NO_RESERVATION' },
      },
    });
  });

  test.each([
    [{ type: 'spot' }, { nodeConfig: { spot: true } }],
    [{ type: 'flex-start', runsFor: '24 hours' }, { nodeConfig: { flexStart: true, maxRunDuration: '86400s' } }],
    [{ type: 'queued' }, { queuedProvisioning: { enabled: true } }],
    [{ type: 'reserved', reservation: 'l4s' }, { nodeConfig: { reservationAffinity: { values: ['l4s'] } } }],
  ] as const)('has one that is bought as the environment says: %j', async (form, settings) => {
    const pools = { 'g2-standard-24': { ...form, zones: ['europe-west4-a'] } } as const;
    expect(await poolOf({ pools })).toMatchObject({ nodeLocations: ['europe-west4-a'], ...settings });
  });

  test('holds every policy, as do its objects', async () => {
    const requested = await asked(chat);
    expect(checkRequested(requested)).toEqual([]);
    expect(checkManifests(requestedManifests(requested))).toEqual([]);
  });

  test('rejects a machine of another cloud, and none', async () => {
    const wrong = { ...workloads, machines: { chat: 'g6e.12xlarge' } } as const;
    await expect(asked(chat, { workloads: wrong })).rejects.toThrow(/a machine of Google Cloud \[machine-unfit\]/);
    await expect(asked(chat, { workloads: { ...workloads, machines: {} } })).rejects.toThrow('[reference-missing]');
  });
});

describe('an engine on Vertex AI', () => {
  test('has an endpoint in the network alone, and its model by the profile of the declaration', async () => {
    const requested = await asked(chat, { vertex: VERTEX });
    const of = (type: string) => requested.filter((each) => each.type.endsWith(type)).map(({ inputs }) => inputs);
    expect(of(':AiEndpoint')).toMatchObject([
      {
        privateServiceConnectConfig: {
          enablePrivateServiceConnect: true,
          projectAllowlists: ['mailroom-prod'],
          pscAutomationConfigs: [{ projectId: 'mailroom-prod', network: 'assistant' }],
        },
      },
    ]);
    expect(of('dynamic/penstock:VertexModel')).toMatchObject([
      {
        artifactUri: 'gs://synthesized-weights/llama-8b/0e9e39f/',
        resources: { dedicated: { minReplicaCount: 1, maxReplicaCount: chat.engines.chat.replicas } },
      },
    ]);
  });

  test('may be read for by Vertex AI itself: its image, and one folder of the weights', async () => {
    const requested = await asked(chat, { vertex: VERTEX });
    const member = 'serviceAccount:service-100000000002@gcp-sa-aiplatform.iam.gserviceaccount.com';
    const grants = requested.filter(({ inputs }) => inputs['member'] === member).map(({ inputs }) => inputs);
    expect(grants.map(({ role }) => role)).toEqual(['roles/artifactregistry.reader', 'roles/storage.objectViewer']);
    expect(JSON.stringify(grants[1]?.['condition'])).toContain('synthesized-weights/objects/llama-8b/0e9e39f/');
    expect(checkRequested(requested)).toEqual([]);
  });

  test('takes nothing of the cluster: no pool, no pods', async () => {
    const requested = await asked(chat, { vertex: VERTEX });
    expect(requested.filter(({ name }) => name.startsWith('g2-'))).toEqual([]);
    const deployed = requestedManifests(requested).filter(({ kind }) => kind === 'Deployment');
    expect(deployed.map(({ metadata }) => metadata.name)).toEqual(['assistant-count']);
  });

  test('rejects one that services of the platform call, and one that is not there', async () => {
    await expect(asked(chatted, { vertex: VERTEX })).rejects.toThrow(/called by answer.*\[settings-contradict\]/);
    await expect(asked(chat, { vertex: { chatter: VERTEX.chat } })).rejects.toThrow(/vertex\.chatter: .*missing\]/);
  });
});
