import { beforeAll, describe, expect, test } from '@jest/globals';
import { declareWorker, defineTopology } from '@penstock/model';
import { type ComponentResourceOptions, type Output, output } from '@pulumi/pulumi';
import { CloudSqlPostgres, type CloudSqlPostgresArgs } from '../../../constructs/gcp/cloud-sql-postgres.ts';
import { EncryptionKey } from '../../../constructs/gcp/encryption-key.ts';
import { type KafkaAccess, ManagedKafka, type ManagedKafkaArgs } from '../../../constructs/gcp/managed-kafka.ts';
import { MemorystoreValkey } from '../../../constructs/gcp/memorystore-valkey.ts';
import { Network } from '../../../constructs/gcp/network.ts';
import { NETWORK, PROJECT } from './platform-parts.ts';
import { type Request, request } from './requested.ts';

const workTime = { mean: '1 second', p99: '3 seconds' } as const;
const topology = defineTopology({
  name: 'shop',
  queues: { q: { arrivalRate: '1/s', doneWithin: '1 hour' } },
  workers: { w: { service: declareWorker({ name: 'worker', payload: 'p', calls: [] }), queue: 'q', workTime } },
  topics: { orders: { arrivalRate: '20/s', retention: '3 days', consumers: { billing: { workTime } } } },
});

const settled = <T>(value: Output<T> | undefined): Promise<T> =>
  new Promise((resolve, reject) => (value === undefined ? reject(new Error('none')) : value.apply(resolve)));

const environment = 'production';
const parts = (usedBy: 'managed-kafka' | 'cloud-sql' | 'memorystore', options: ComponentResourceOptions) => ({
  project: PROJECT,
  network: new Network('mailroom', { ...NETWORK, serviceClasses: ['gcp-memorystore'] }, options),
  key: new EncryptionKey(
    'data',
    { project: PROJECT, location: NETWORK.region, usedBy: [usedBy], environment },
    options,
  ),
});

const producer = { account: output('shop@x.iam.gserviceaccount.com'), produces: ['orders'] };
const consumer = {
  account: output('billing@x.iam.gserviceaccount.com'),
  consumes: [{ topic: 'orders', consumer: 'billing' }],
};

const kafka = (change: Partial<ManagedKafkaArgs> = {}, accesses: readonly KafkaAccess[] = [producer, consumer]) =>
  request((options) => {
    const args = { ...parts('managed-kafka', options), topology, environment, vcpus: 3, memory: '12 GiB' } as const;
    new ManagedKafka('events', { ...args, ...change }, options).grant(accesses);
  });

describe('Kafka on Google Cloud', () => {
  let asked: Request;
  beforeAll(async () => {
    asked = await kafka();
  });

  test('is in the network alone, encrypted by a key that its agent may use once there is one', () => {
    expect(asked.the('gcp:managedkafka/cluster:Cluster').inputs).toMatchObject({
      capacityConfig: { vcpuCount: '3', memoryBytes: String(12 * 2 ** 30) },
      gcpConfig: { kmsKey: 'data', accessConfig: { networkConfigs: [{ subnet: 'mailroom' }] } },
    });
    expect(asked.the('gcp:projects/serviceIdentity:ServiceIdentity').inputs).toMatchObject({
      service: 'managedkafka.googleapis.com',
    });
    expect(asked.the('gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember').options.dependsOn).toHaveLength(1);
  });

  test('has the topics of the topology and one for the dead letters of each consumer, with as many partitions', () => {
    const { partitions } = topology.topics.orders;
    const topics = asked.of('gcp:managedkafka/topic:Topic').map(({ inputs }) => inputs);
    expect(topics).toMatchObject([
      {
        topicId: 'shop.orders',
        partitionCount: partitions,
        replicationFactor: 3,
        configs: { 'retention.ms': '259200000' },
      },
      {
        topicId: 'shop.orders.billing.dead',
        partitionCount: partitions,
        replicationFactor: 3,
        configs: { 'retention.ms': '1209600000' },
      },
    ]);
  });

  test('lets each account do what its flows ask for, and nobody else', () => {
    const acls = asked.of('gcp:managedkafka/acl:Acl').map(({ inputs }) => inputs);
    const entry = (account: string, operation: string) => ({
      principal: `User:${account}@x.iam.gserviceaccount.com`,
      operation,
      permissionType: 'ALLOW',
      host: '*',
    });
    expect(acls).toHaveLength(3);
    expect(Object.fromEntries(acls.map(({ aclId, aclEntries }) => [aclId, aclEntries]))).toEqual(
      Object.fromEntries([
        [
          'topic/shop.orders',
          [entry('shop', 'WRITE'), entry('shop', 'DESCRIBE'), entry('billing', 'READ'), entry('billing', 'DESCRIBE')],
        ],
        ['topic/shop.orders.billing.dead', [entry('billing', 'WRITE'), entry('billing', 'DESCRIBE')]],
        ['consumerGroup/shop.orders.billing', [entry('billing', 'READ'), entry('billing', 'DESCRIBE')]],
      ]),
    );
  });

  test('keeps cluster and topics in production', () => {
    expect(asked.the('gcp:managedkafka/cluster:Cluster').options.protect).toBe(true);
    expect(asked.of('gcp:managedkafka/topic:Topic').every(({ options }) => options.protect === true)).toBe(true);
  });

  test.each([
    ['two brokers', { vcpus: 2 }],
    ['less than a gibibyte a vCPU', { memory: '2 GiB' }],
    ['more than eight', { memory: '25 GiB' }],
  ] as const)('rejects %s', async (_what, change) => {
    await expect(kafka(change)).rejects.toThrow('[resources-too-small]');
  });

  test('rejects a topic that nobody was granted: it would be open to all', async () => {
    await expect(kafka({}, [producer])).rejects.toThrow(/shop\.orders\.billing\.dead: .*\[access-too-wide\]/);
  });

  test('rejects topics and consumers that are not declared', async () => {
    await expect(kafka({}, [{ ...producer, produces: ['order'] }])).rejects.toThrow('topics.order:');
    const unknown = [{ topic: 'orders', consumer: 'toString' }];
    await expect(kafka({}, [{ ...consumer, consumes: unknown }])).rejects.toThrow('topics.orders.consumers.toString');
  });
});

const INSTANCE = 'gcp:sql/databaseInstance:DatabaseInstance';
const postgres = (change: Partial<CloudSqlPostgresArgs> = {}) =>
  request((options) => {
    const args = { ...parts('cloud-sql', options), environment, tier: 'db-custom-2-8192', diskGib: 50 } as const;
    new CloudSqlPostgres('ledger', { ...args, databases: ['ledger'], ...change }, options);
  });

describe('PostgreSQL on Google Cloud', () => {
  test('has no public address, takes TLS only, and has every write in a second zone', async () => {
    const asked = await postgres();
    expect(asked.the(INSTANCE).inputs).toMatchObject({
      encryptionKeyName: 'data',
      settings: {
        availabilityType: 'REGIONAL',
        ipConfiguration: { ipv4Enabled: false, privateNetwork: 'mailroom', sslMode: 'ENCRYPTED_ONLY' },
      },
    });
  });

  test('can be taken back to any moment of a week, and is deleted by no mistake', async () => {
    const asked = await postgres();
    expect(asked.the(INSTANCE).inputs).toMatchObject({
      deletionProtection: true,
      settings: {
        deletionProtectionEnabled: true,
        retainBackupsOnDelete: true,
        backupConfiguration: { enabled: true, pointInTimeRecoveryEnabled: true, transactionLogRetentionDays: 7 },
      },
    });
    expect(asked.the(INSTANCE).options.protect).toBe(true);
  });

  test('waits for the peering, of which its inputs do not speak', async () => {
    const before = (await postgres()).the(INSTANCE).options.dependsOn as readonly object[];
    expect(before.map((each) => each.constructor.name)).toEqual(['Network', 'EncryptionKey']);
  });

  test('lets accounts in instead of passwords, and events out only where an outbox asks', async () => {
    const flags = async (change: Partial<CloudSqlPostgresArgs>) =>
      ((await postgres(change)).the(INSTANCE).inputs['settings'] as { databaseFlags: unknown }).databaseFlags;
    expect(await flags({})).toEqual([{ name: 'cloudsql.iam_authentication', value: 'on' }]);
    expect(await flags({ outbox: true })).toContainEqual({ name: 'cloudsql.logical_decoding', value: 'on' });
  });

  test('on trial is in one zone and may go', async () => {
    expect((await postgres({ environment: 'trial' })).the(INSTANCE).inputs).toMatchObject({
      deletionProtection: false,
      settings: { availabilityType: 'ZONAL', deletionProtectionEnabled: false },
    });
  });
});

describe('Valkey on Google Cloud', () => {
  const valkey = (serviceClasses: readonly 'gcp-memorystore'[]) =>
    request((options) => {
      const network = new Network('mailroom', { ...NETWORK, serviceClasses }, options);
      const usedBy = ['memorystore'] as const;
      const key = new EncryptionKey(
        'data',
        { project: PROJECT, location: NETWORK.region, usedBy, environment },
        options,
      );
      const size = { nodeType: 'STANDARD_SMALL', shards: 3, replicas: 1 } as const;
      new MemorystoreValkey('cache', { project: PROJECT, network, key, environment, ...size }, options);
    });

  test('is reached inside the network, over TLS, by accounts', async () => {
    const asked = await valkey(['gcp-memorystore']);
    expect(asked.the('gcp:memorystore/instance:Instance').inputs).toMatchObject({
      shardCount: 3,
      replicaCount: 1,
      authorizationMode: 'IAM_AUTH',
      transitEncryptionMode: 'SERVER_AUTHENTICATION',
      kmsKey: 'data',
      deletionProtectionEnabled: true,
      persistenceConfig: { mode: 'AOF', aofConfig: { appendFsync: 'EVERY_SEC' } },
      desiredAutoCreatedEndpoints: [{ projectId: 'mailroom-prod', network: 'mailroom' }],
    });
  });

  test('rejects a network in which it could make no endpoint', async () => {
    await expect(valkey([])).rejects.toThrow('[reference-missing]');
  });

  test('hands out the address that tells of the shards, and a role for itself alone', async () => {
    let host: Output<string> | undefined;
    let condition: Output<string> | undefined;
    await request((options) => {
      const size = { nodeType: 'STANDARD_SMALL', shards: 3, replicas: 1 } as const;
      const cache = new MemorystoreValkey('cache', { ...parts('memorystore', options), environment, ...size }, options);
      host = cache.host.lower();
      condition = cache.connects.condition;
    });
    expect(await settled(host)).toBe('10.0.0.3');
    expect(await settled(condition)).toBe('resource.name == "cache"');
  });
});
