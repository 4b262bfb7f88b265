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
          enableSecurePrivateServiceConnect: true,
          projectAllowlists: ['mailroom-prod'],
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

  test('is watched where the environment asks for it, and else not', async () => {
    const monitoring = { every: '24 hours', sampled: '5%', drift: { tokens: '30%' } } as const;
    const alerts = { pages: ['a@example.com'], tickets: ['b@example.com', 'projects/p/notificationChannels/1'] };
    const watched = async (form: GcpEnvironment['vertex'][string]) =>
      (await asked(chat, { alerts, vertex: { chat: form } })).filter(({ type }) =>
        type.endsWith(':dynamic/penstock:VertexMonitoring'),
      );
    expect(await watched(VERTEX.chat)).toEqual([]);
    expect(await watched({ ...VERTEX.chat, monitoring })).toMatchObject([
      {
        inputs: {
          parent: 'projects/mailroom-prod/locations/europe-west4',
          modelDeploymentMonitoringScheduleConfig: { monitorInterval: '86400s' },
          modelDeploymentMonitoringObjectiveConfigs: [
            { objectiveConfig: { predictionDriftDetectionConfig: { driftThresholds: { tokens: { value: 0.3 } } } } },
          ],
          modelMonitoringAlertConfig: {
            emailAlertConfig: { userEmails: ['b@example.com'] },
            notificationChannels: ['projects/p/notificationChannels/1'],
          },
        },
      },
    ]);
  });

  test('takes nothing of the cluster: no pool, no pods', async () => {
    const requested = await asked(chat, { vertex: VERTEX });
    expect(requested.filter(({ name }) => name.startsWith('g2-'))).toEqual([]);
    const deployed = requestedManifests(requested).filter(({ kind }) => kind === 'Deployment');
    expect(deployed.map(({ metadata }) => metadata.name)).toEqual(['assistant-traces', 'assistant-count']);
  });

  test('rejects one that is not there', async () => {
    await expect(asked(chat, { vertex: { chatter: VERTEX.chat } })).rejects.toThrow(/vertex\.chatter: .*missing\]/);
  });
});

describe('a worker that calls an engine on Vertex AI', () => {
  const withBroker = { ...prod.workloads, versions: workloads.versions, machines: {}, namespace: 'assistant' };
  const { nats } = prod.workloads;
  const clients = { answer: { publicKey: 'UAM2PER5L6UDANKITC3IBPVVVDX5NZ3SV4EYS4DAVXPWSMHX2NHTT24X', seed: 'answer' } };
  const broker = 'cluster' in nats ? { cluster: { ...nats.cluster, clients, publishers: [] } } : nats;
  const called = (change: Partial<GcpEnvironment['workloads']> = {}) =>
    asked(chatted, { vertex: VERTEX, workloads: { ...withBroker, nats: broker, ...change } });
  const inputsOf = (requested: Awaited<ReturnType<typeof asked>>, type: string) =>
    requested.filter((each) => each.type.endsWith(type)).map(({ inputs }) => inputs);

  test('is told where it is, by which protocol, and by whose certificate it is known', async () => {
    const requested = await called();
    const manifests = requestedManifests(requested) as readonly unknown[];
    const [{ name: id } = { name: '' }] = inputsOf(requested, ':AiEndpoint');
    const host = `${id}-europe-west4-100000000002.prediction.p.vertexai.goog`;
    const path = `projects/mailroom-prod/locations/europe-west4/endpoints/${id}`;
    const folder = '/var/run/secrets/penstock/answer-secrets';
    const told = { name: 'PENSTOCK_ENGINE_CHAT', value: `vertex://${host}/${path}?ca=${folder}/vertex.crt` };
    const container = {
      env: expect.arrayContaining([told]),
      volumeMounts: expect.arrayContaining([expect.objectContaining({ mountPath: folder })]),
    };
    expect(manifests).toContainEqual(
      expect.objectContaining({
        kind: 'Deployment',
        spec: expect.objectContaining({
          template: expect.objectContaining({
            spec: expect.objectContaining({ containers: [expect.objectContaining(container)] }),
          }),
        }),
      }),
    );
    expect(manifests).toContainEqual(
      expect.objectContaining({
        kind: 'ExternalSecret',
        spec: expect.objectContaining({
          data: [{ secretKey: 'vertex.crt', remoteRef: { key: 'vertex-certificate' } }],
        }),
      }),
    );
  });

  test('has an account that may call it, a way out to it and to the server of its tokens', async () => {
    const requested = await called();
    expect(inputsOf(requested, ':AiEndpointIamMember')).toMatchObject([
      { member: expect.stringContaining('assistant-answer@') },
    ]);
    const policy = requestedManifests(requested).find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'assistant-answer',
    ) as unknown as { readonly spec: { readonly egress: readonly unknown[] } };
    expect(policy.spec.egress).toEqual(
      expect.arrayContaining([
        { to: [{ ipBlock: { cidr: prod.ranges.nodes } }], ports: [{ port: 443, protocol: 'TCP' }] },
        { to: [{ ipBlock: { cidr: '169.254.169.254/32' } }], ports: [{ port: 80, protocol: 'TCP' }] },
      ]),
    );
  });

  test('reads the certificate through the operator, which may read that and the keys of the platform', async () => {
    const read = inputsOf(await called(), ':SecretIamMember').map(({ secretId }) => secretId);
    expect(read).toContain('vertex-certificate');
  });

  test('holds every policy, as do its objects, and runs by the numbers of the engine', async () => {
    const requested = await called();
    expect(checkRequested(requested)).toEqual([]);
    expect(checkManifests(requestedManifests(requested))).toEqual([]);
    const deployment = requestedManifests(requested).find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'assistant-answer',
    );
    expect(JSON.stringify(deployment)).toContain('\\"model\\":\\"llama-8b\\"');
  });

  test('rejects one without a store that keeps the certificate', async () => {
    await expect(called({ nats: CLUSTER.nats })).rejects.toThrow(/workload answer: .*vertex-certificate.*missing\]/);
  });
});
