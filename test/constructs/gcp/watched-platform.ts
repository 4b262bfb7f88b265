import { declareInferenceEngine, declareWorker, defineTopology, type ObjectiveSpec } from '@penstock/model';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { CloudSqlPostgres } from '../../../constructs/gcp/cloud-sql-postgres.ts';
import { EncryptionKey } from '../../../constructs/gcp/encryption-key.ts';
import type { ServiceAgent } from '../../../constructs/gcp/google-project.ts';
import { ManagedKafka } from '../../../constructs/gcp/managed-kafka.ts';
import { MemorystoreValkey } from '../../../constructs/gcp/memorystore-valkey.ts';
import { NotificationChannels } from '../../../constructs/gcp/monitoring/notification-channels.ts';
import { PlatformMonitoring } from '../../../constructs/gcp/monitoring/platform-monitoring.ts';
import { Network } from '../../../constructs/gcp/network.ts';
import { VertexEndpoint } from '../../../constructs/gcp/vertex-endpoint.ts';
import { NETWORK, PROJECT } from './platform-parts.ts';

/** A queue with a promise, a topic with a consumer, an engine in the cluster and one on Vertex AI. */
export const shopWith = (objective: Omit<ObjectiveSpec, 'queue'>) =>
  defineTopology({
    name: 'shop',
    queues: { orders: { arrivalRate: '20/s', doneWithin: '30 seconds' } },
    topics: {
      sales: {
        arrivalRate: '50/s',
        retention: '7 days',
        consumers: { ledger: { workTime: { mean: '10 milliseconds', p99: '40 milliseconds' } } },
      },
    },
    engines: {
      ranker: {
        service: declareInferenceEngine({ name: 'engine', tasks: ['embedding'] }),
        task: 'embedding',
        model: { id: 'm', revision: '1', weights: '1 MB', dimensions: 8, maxTokens: 128 },
        tokenRate: '4000/s',
        tokensPerRequest: 100,
        doneWithin: '2 seconds',
      },
    },
    workers: {
      fulfil: {
        service: declareWorker({ name: 'fulfil', payload: 'order', calls: ['rank'] }),
        queue: 'orders',
        workTime: { mean: '200 milliseconds', p99: '3 seconds' },
        calls: { rank: { engine: 'ranker' } },
      },
    },
    objectives: { 'orders-in-time': { ...objective, queue: 'orders' } },
  });

export const SHOP = shopWith({ target: '99.5%' });

const RUNBOOKS = { url: 'https://docs.example.com/alerts' } as const;

/** Everything that is watched, and what watches it. */
export function watchShop(options: ComponentResourceOptions): PlatformMonitoring {
  const environment = 'production';
  const common = {
    project: PROJECT,
    network: new Network('shop', { ...NETWORK, serviceClasses: ['gcp-memorystore'] }, options),
    environment,
  } as const;
  const key = (name: string, agent: ServiceAgent): EncryptionKey =>
    new EncryptionKey(name, { project: PROJECT, location: NETWORK.region, usedBy: [agent], environment }, options);
  const kafka = new ManagedKafka(
    'shop-kafka',
    { ...common, topology: SHOP, key: key('kafka', 'managed-kafka'), vcpus: 3, memory: '12 GiB' },
    options,
  );
  const database = new CloudSqlPostgres(
    'shop-db',
    { ...common, key: key('sql', 'cloud-sql'), tier: 'db-custom-4-16384', diskGib: 100, databases: ['shop'] },
    options,
  );
  const cache = new MemorystoreValkey(
    'shop-cache',
    { ...common, key: key('cache', 'memorystore'), nodeType: 'STANDARD_SMALL', shards: 1, replicas: 1 },
    options,
  );
  const ranker = new VertexEndpoint(
    'ranker',
    { displayName: 'ranker', location: NETWORK.region, access: { type: 'public' } },
    options,
  );
  const { notified } = new NotificationChannels(
    'shop',
    {
      project: PROJECT,
      pages: [
        { kind: 'email', address: 'oncall@example.com' },
        { kind: 'channel', name: 'projects/mailroom-prod/notificationChannels/1' },
      ],
      tickets: [{ kind: 'email', address: 'team@example.com' }],
    },
    options,
  );
  return new PlatformMonitoring(
    'shop',
    {
      project: PROJECT,
      topology: SHOP,
      namespace: 'shop',
      notified,
      managed: { kafka, database, cache, endpoints: { ranker } },
      runbooks: RUNBOOKS,
    },
    options,
  );
}
