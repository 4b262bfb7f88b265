import { artifactregistry, storage } from '@pulumi/gcp';
import { type ComponentResourceOptions, type Input, output } from '@pulumi/pulumi';
import { ArtifactStore } from '../../../constructs/gcp/artifact-store.ts';
import { CloudSqlPostgres } from '../../../constructs/gcp/cloud-sql-postgres.ts';
import { ClusterAddons } from '../../../constructs/gcp/cluster-addons.ts';
import { ClusterManifests } from '../../../constructs/gcp/cluster-manifests.ts';
import { EncryptionKey } from '../../../constructs/gcp/encryption-key.ts';
import type { EnvironmentKind } from '../../../constructs/gcp/environment-kind.ts';
import { GkeCluster } from '../../../constructs/gcp/gke-cluster.ts';
import type { ServiceAgent } from '../../../constructs/gcp/google-project.ts';
import { GpuNodePool } from '../../../constructs/gcp/gpu-node-pool.ts';
import { KubernetesAccess } from '../../../constructs/gcp/kubernetes-access.ts';
import { ManagedKafka } from '../../../constructs/gcp/managed-kafka.ts';
import { MemorystoreValkey } from '../../../constructs/gcp/memorystore-valkey.ts';
import { MetricsReader } from '../../../constructs/gcp/metrics-reader.ts';
import { NotificationChannels } from '../../../constructs/gcp/monitoring/notification-channels.ts';
import { PlatformMonitoring } from '../../../constructs/gcp/monitoring/platform-monitoring.ts';
import { ServiceObjective } from '../../../constructs/gcp/monitoring/service-objective.ts';
import { Network } from '../../../constructs/gcp/network.ts';
import { NodeAccount } from '../../../constructs/gcp/node-account.ts';
import { PolicySuppression } from '../../../constructs/gcp/policy-suppression.ts';
import type { PoolHost } from '../../../constructs/gcp/pool-host.ts';
import { TpuNodePool } from '../../../constructs/gcp/tpu-node-pool.ts';
import { type EmbeddingEngine, VectorSearch } from '../../../constructs/gcp/vector-search.ts';
import { VertexArtifacts } from '../../../constructs/gcp/vertex-artifacts.ts';
import { BatchPredictionSchedule } from '../../../constructs/gcp/vertex-batch-prediction.ts';
import { VertexCallers } from '../../../constructs/gcp/vertex-callers.ts';
import { VertexConnections } from '../../../constructs/gcp/vertex-connections.ts';
import { VertexEndpoint } from '../../../constructs/gcp/vertex-endpoint.ts';
import { VertexInference } from '../../../constructs/gcp/vertex-inference.ts';
import { VertexModel } from '../../../constructs/gcp/vertex-model.ts';
import { ModelGardenDeployment } from '../../../constructs/gcp/vertex-model-garden.ts';
import { VertexMonitoring } from '../../../constructs/gcp/vertex-monitoring.ts';
import { RankingAccess } from '../../../constructs/gcp/vertex-ranking.ts';
import { DeploymentResourcePool } from '../../../constructs/gcp/vertex-resource-pool.ts';
import { WorkloadIdentity } from '../../../constructs/gcp/workload-identity.ts';
import { LateBindings } from '../../../constructs/late-bindings.ts';
import { platform } from '../../../stacks/platform.ts';
import { CLUSTER, NETWORK, PROJECT } from './platform-parts.ts';
import { SHOP } from './watched-platform.ts';

/** How one component is made; `given` is a value as somebody may pass it, known now or only later. */
export interface Made {
  readonly name: string;
  readonly environment: EnvironmentKind;
  readonly options: ComponentResourceOptions;
  readonly given: (value: string) => Input<string>;
}

export interface ComponentCase {
  /** After `penstock:gcp:`. */
  readonly token: string;
  /** Types of what it makes and what has to outlive a mistake; left out: it keeps nothing that cannot be made again. */
  readonly data?: readonly string[];
  /** Its children are called what they are called in the cluster, so that they may move between charts. */
  readonly namesByObject?: true;
  /** Protected and retained whatever the environment. */
  readonly always?: true;
  readonly make: (made: Made) => unknown;
}

const location = NETWORK.region;
const machine = { gpu: 'l4', machine: 'g2-standard-12' } as const;
const replicas = { min: 1, max: 2 } as const;
const container = { image: 'server:1.0.0', port: 8080, predictRoute: '/predict', healthRoute: '/health' } as const;
const notified = { pages: [], tickets: [] };

const network = (name: string) => new Network(name, { ...NETWORK, serviceClasses: ['gcp-memorystore'] });
const key = (name: string, agent: ServiceAgent, environment: EnvironmentKind) =>
  new EncryptionKey(name, { project: PROJECT, location, usedBy: [agent], environment });
const account = (name: string) => {
  const images = new artifactregistry.Repository(`${name}-images`, { repositoryId: 'r', location, format: 'DOCKER' });
  return new NodeAccount(name, { project: PROJECT, accountId: 'mailroom-nodes', repositories: { images } });
};
const host = (given: Made['given']): PoolHost => ({
  name: given('mailroom'),
  location: given(location),
  node: { serviceAccount: given('nodes@x'), bootDiskKmsKey: given('disks') },
});
const cluster = (environment: EnvironmentKind, name: string, options: ComponentResourceOptions = {}) => {
  const { environment: _kind, ...choices } = CLUSTER;
  return new GkeCluster(
    name,
    {
      ...choices,
      environment,
      project: PROJECT,
      network: network(`${name}-net`),
      keys: {
        secrets: key(`${name}-secrets`, 'kubernetes-engine', environment),
        disks: key(`${name}-disks`, 'compute-engine', environment),
      },
      nodeAccount: account(`${name}-nodes`),
    },
    options,
  );
};

const edge = () =>
  new VertexEndpoint('shop-edge', {
    displayName: 'edge',
    location,
    access: { type: 'private-service-connect', projects: ['shop'] },
  });

const access = (environment: EnvironmentKind) =>
  new KubernetesAccess('access', { cluster: cluster(environment, 'mailroom') });
const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shop' } },
];

/** Every component of the room. */
export const COMPONENTS: readonly ComponentCase[] = [
  {
    token: 'ArtifactStore',
    data: ['gcp:artifactregistry/repository:Repository', 'gcp:storage/bucket:Bucket'],
    always: true,
    make: ({ name, options }) => new ArtifactStore(name, { topology: platform, location }, options),
  },
  {
    token: 'Network',
    make: ({ name, options }) => new Network(name, { ...NETWORK, serviceClasses: ['gcp-memorystore'] }, options),
  },
  {
    token: 'EncryptionKey',
    data: ['gcp:kms/cryptoKey:CryptoKey', 'gcp:kms/keyRing:KeyRing'],
    make: ({ name, environment, options }) =>
      new EncryptionKey(name, { project: PROJECT, location, usedBy: ['cloud-sql'], environment }, options),
  },
  {
    token: 'NodeAccount',
    make: ({ name, options }) => {
      const images = new artifactregistry.Repository('images', { repositoryId: 'r', location, format: 'DOCKER' });
      new NodeAccount(name, { project: PROJECT, accountId: 'mailroom-nodes', repositories: { images } }, options);
    },
  },
  {
    token: 'GkeCluster',
    data: ['gcp:container/cluster:Cluster'],
    make: ({ name, environment, options }) => cluster(environment, name, options),
  },
  {
    token: 'GpuNodePool',
    make: ({ name, options, given }) =>
      new GpuNodePool(
        name,
        {
          cluster: host(given),
          gpu: 'l4',
          capacity: {
            type: 'reserved',
            machine: 'g2-standard-12',
            zones: ['europe-west4-a'],
            size: { max: 1 },
            reservation: given('mine'),
          },
        },
        options,
      ),
  },
  {
    token: 'TpuNodePool',
    make: ({ name, options, given }) =>
      new TpuNodePool(
        name,
        {
          cluster: host(given),
          generation: 'v6e',
          capacity: { machine: 'ct6e-standard-4t', topology: '4x4', zones: ['europe-west4-a'], lives: 'while-needed' },
          purchase: { type: 'reserved', reservation: given('mine') },
        },
        options,
      ),
  },
  {
    token: 'ManagedKafka',
    data: ['gcp:managedkafka/cluster:Cluster', 'gcp:managedkafka/topic:Topic'],
    make: ({ name, environment, options }) =>
      new ManagedKafka(
        name,
        {
          project: PROJECT,
          network: network('net'),
          key: key('key', 'managed-kafka', environment),
          environment,
          topology: SHOP,
          vcpus: 3,
          memory: '12 GiB',
        },
        options,
      ),
  },
  {
    token: 'CloudSqlPostgres',
    data: ['gcp:sql/databaseInstance:DatabaseInstance', 'gcp:sql/database:Database'],
    make: ({ name, environment, options }) =>
      new CloudSqlPostgres(
        name,
        {
          project: PROJECT,
          network: network('net'),
          key: key('key', 'cloud-sql', environment),
          environment,
          tier: 'db-custom-4-16384',
          diskGib: 100,
          databases: ['shop'],
        },
        options,
      ),
  },
  {
    token: 'MemorystoreValkey',
    data: ['gcp:memorystore/instance:Instance'],
    make: ({ name, environment, options }) =>
      new MemorystoreValkey(
        name,
        {
          project: PROJECT,
          network: network('net'),
          key: key('key', 'memorystore', environment),
          environment,
          nodeType: 'STANDARD_SMALL',
          shards: 1,
          replicas: 1,
        },
        options,
      ),
  },
  {
    token: 'WorkloadIdentity',
    make: ({ name, environment, options, given }) =>
      new WorkloadIdentity(
        name,
        {
          project: PROJECT,
          cluster: cluster(environment, 'mailroom'),
          workload: 'mailroom-embedder',
          serviceAccount: { namespace: 'mailroom', name: 'embedder' },
          reads: { weights: { bucket: new storage.Bucket('weights', { location: 'EU' }), prefix: 'minilm/1/' } },
          roles: [{ id: 'one', role: 'roles/managedkafka.client', condition: output(given('a == "b"')) }],
        },
        options,
      ),
  },
  {
    token: 'VertexEndpoint',
    make: ({ name, options, given }) =>
      new VertexEndpoint(
        name,
        {
          displayName: 'edge',
          location: given(location),
          access: { type: 'peered', network: given('projects/1/global/networks/n') },
          encryptionKey: given('key'),
          requestLog: { table: given('bq://p.d.t'), sampled: '10%' },
          labels: { a: given('b') },
        },
        options,
      ),
  },
  {
    token: 'BatchPredictionSchedule',
    make: ({ name, options, given }) =>
      new BatchPredictionSchedule(
        name,
        {
          project: PROJECT,
          location,
          model: given('projects/p/locations/l/models/m'),
          cron: '0 3 * * *',
          instances: 'gs://asked/day/*.jsonl',
          predictions: 'gs://answered/day/',
          machine,
          replicas,
          serviceAccount: given('a@x'),
          runner: 'nightly',
        },
        options,
      ),
  },
  {
    token: 'MetricsReader',
    make: ({ name, environment, options }) =>
      new MetricsReader(
        name,
        {
          project: PROJECT,
          cluster: cluster(environment, 'shop'),
          workload: 'shop-keda',
          serviceAccount: { namespace: 'keda', name: 'keda-operator' },
        },
        options,
      ),
  },
  {
    token: 'VertexConnections',
    make: ({ name, options, given }) =>
      new VertexConnections(
        name,
        {
          project: PROJECT,
          network: network('shop'),
          endpoints: { chat: { endpoint: edge(), serviceAttachment: output(given('attachment')) } },
        },
        options,
      ),
  },
  {
    token: 'VertexCallers',
    make: ({ name, options, given }) =>
      new VertexCallers(
        name,
        { project: PROJECT, location, endpoints: { chat: { endpoint: edge(), callers: { answer: given('a@x') } } } },
        options,
      ),
  },
  {
    token: 'VertexArtifacts',
    make: ({ name, options, given }) =>
      new VertexArtifacts(
        name,
        {
          project: PROJECT,
          repository: {
            project: output(given('p')),
            location: output(given(location)),
            repositoryId: output(given('r')),
          },
          folders: { chat: { bucket: { name: output(given('weights')) }, prefix: 'chat/1/' } },
        },
        options,
      ),
  },
  {
    token: 'VertexModel',
    make: ({ name, options, given }) =>
      new VertexModel(
        name,
        {
          project: given('shop'),
          location: given(location),
          endpoint: given('projects/1/locations/l/endpoints/2'),
          container,
          artifacts: given('gs://b/f'),
          resources: { machine, replicas },
          serviceAccount: given('a@x'),
          encryptionKey: given('key'),
          provider: 'provider.ts',
        },
        options,
      ),
  },
  {
    token: 'VertexMonitoring',
    make: ({ name, options, given }) => {
      const endpoint = edge();
      const model = new VertexModel('shop-churn', {
        project: 'shop',
        location,
        endpoint: endpoint.resource,
        container,
        resources: { machine, replicas },
        provider: 'provider.ts',
      });
      new VertexMonitoring(
        name,
        {
          project: given('shop'),
          location: given(location),
          endpoint: endpoint.resource,
          models: { churn: { model, drift: { age: '30%' } } },
          every: '1 hour',
          sampled: '10%',
          told: [{ channel: given('projects/shop/notificationChannels/7') }],
          schemas: { sent: 'gs://b/sent.yaml' },
          encryptionKey: given('key'),
          provider: 'provider.ts',
        },
        options,
      );
    },
  },
  {
    token: 'VertexInference',
    make: ({ name, options, given }) =>
      new VertexInference(
        name,
        {
          project: given('shop'),
          topology: platform,
          engine: 'embedder',
          location,
          machine: 'e2-standard-4',
          container: { image: 'server:1.0.0', predictRoute: '/predict', healthRoute: '/health' },
          access: { type: 'public' },
          encryptionKey: given('key'),
          provider: 'provider.ts',
        },
        options,
      ),
  },
  {
    token: 'ModelGardenDeployment',
    make: ({ name, options, given }) =>
      new ModelGardenDeployment(
        name,
        {
          location: given(location),
          model: { huggingFace: 'Qwen/Qwen3-0.6B' },
          licenceAccepted: true,
          machine,
          replicas,
        },
        options,
      ),
  },
  {
    token: 'DeploymentResourcePool',
    make: ({ name, options, given }) =>
      new DeploymentResourcePool(name, { poolName: 'shared', location: given(location), machine, replicas }, options),
  },
  {
    token: 'VectorSearch',
    make: ({ name, options, given }) =>
      new VectorSearch(
        name,
        {
          displayName: 'mails',
          location: given(location),
          engine: platform.engines.embedder as EmbeddingEngine,
          distance: 'cosine',
          algorithm: { type: 'brute-force' },
          shards: { size: 'small', machine: 'e2-standard-2', replicas },
          updates: { type: 'stream', initial: given('gs://b/f') },
          access: { type: 'public' },
          deployedIndexId: 'mails_v1',
          encryptionKey: given('key'),
        },
        options,
      ),
  },
  {
    token: 'RankingAccess',
    make: ({ name, options, given }) =>
      new RankingAccess(name, { project: given('shop'), members: { a: given('serviceAccount:a@x') } }, options),
  },
  {
    token: 'KubernetesAccess',
    make: ({ name, environment, options }) =>
      new KubernetesAccess(name, { cluster: cluster(environment, 'mailroom') }, options),
  },
  {
    token: 'ClusterAddons',
    namesByObject: true,
    make: ({ name, environment, options }) =>
      new ClusterAddons(
        name,
        {
          access: access(environment),
          addons: [
            {
              name: 'keda',
              namespace: 'keda',
              repository: 'https://charts.example.com',
              chart: 'keda',
              version: '1.0.0',
              values: {},
            },
          ],
        },
        options,
      ),
  },
  {
    token: 'ClusterManifests',
    data: ['kubernetes:core/v1:Namespace'],
    namesByObject: true,
    make: ({ name, environment, options }) =>
      new ClusterManifests(
        name,
        { access: access(environment), manifests: OBJECTS, bindings: new LateBindings(), environment, after: [] },
        options,
      ),
  },
  {
    token: 'PolicySuppression',
    make: ({ name, options }) =>
      new PolicySuppression(name, { policy: 'p', resource: 'Cluster/c', reason: 'because' }, options),
  },
  {
    token: 'PlatformMonitoring',
    make: ({ name, options, given }) =>
      new PlatformMonitoring(
        name,
        { project: PROJECT, topology: SHOP, namespace: 'shop', notified: { ...notified, pages: [given('c')] } },
        options,
      ),
  },
  {
    token: 'ServiceObjective',
    make: ({ name, options }) =>
      new ServiceObjective(
        name,
        { project: PROJECT, topology: SHOP, objective: 'orders-in-time', namespace: 'shop' },
        options,
      ),
  },
  {
    token: 'NotificationChannels',
    make: ({ name, options }) =>
      new NotificationChannels(
        name,
        { project: PROJECT, pages: [{ kind: 'email', address: 'a@example.com' }], tickets: [] },
        options,
      ),
  },
];
