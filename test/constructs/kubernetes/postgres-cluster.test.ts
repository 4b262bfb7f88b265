import { describe, expect, test } from '@jest/globals';
import { Bytes, Duration } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { addonsFor } from '../../../charts/addons.ts';
import { applyOrder } from '../../../constructs/apply-order.ts';
import { Binding } from '../../../constructs/binding.ts';
import { ConstructError } from '../../../constructs/errors.ts';
import { ImageReference, PostgresCluster, type PostgresClusterProps } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { teardownBlocks } from '../../../constructs/teardown.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

const size = (text: `${number} ${'GiB' | 'MiB'}`) => Bytes.parse(text);
const image = (name: string) => ImageReference.parse(`registry.example.com/${name}@sha256:${'a'.repeat(64)}`);

const pooler = {
  image: image('pgbouncer'),
  replicas: 2,
  clients: 500,
  resources: { cpu: 0.5, memory: size('256 MiB') },
} as const;

const props = {
  name: 'orders',
  namespace: 'data',
  durability: 'replicated',
  image: image('postgresql'),
  storage: { storageClass: 'fast', data: size('100 GiB'), log: size('16 GiB') },
  resources: { cpu: 2, memory: size('8 GiB') },
  databases: {
    orders: {
      connections: 30,
      passwordSecret: 'orders-owner',
      changeFeed: { passwordSecret: 'orders-changes' },
    },
    read_models: { connections: 10, passwordSecret: 'read-models-owner' },
  },
  pooler,
  backup: {
    cloud: 'aws',
    destination: Binding.of('s3://backups/orders'),
    identity: { 'eks.amazonaws.com/role-arn': Binding.of('arn:aws:iam::111122223333:role/orders-backup') },
    retention: Duration.parse('30 days'),
  },
  clientNamespaces: ['shop'],
  outside: [
    { cidr: '10.0.0.0/16', port: 443 },
    { cidr: '0.0.0.0/0', port: 443 },
  ],
} as const satisfies PostgresClusterProps;

const { pooler: _, ...direct } = props;
const { identity: __, ...byName } = props.backup;
const quiet = { read_models: props.databases.read_models };

function synthesize(change: object = {}, base: object = props): readonly Manifest[] {
  const chart = new Chart(new App(), 'data');
  new PostgresCluster(chart, 'postgres', { ...base, ...change } as PostgresClusterProps);
  return chart.toJson() as Manifest[];
}

const VARIANTS: Readonly<Record<string, readonly Manifest[]>> = {
  'a pooler and a reader of changes': synthesize(),
  'five instances': synthesize({ instances: 5 }),
  'availability before durability': synthesize({ durability: 'preferred' }),
  'clients at the primary': synthesize({}, direct),
  'no reader of changes': synthesize({ databases: quiet }),
  'a bucket of Google': synthesize({
    backup: { ...byName, cloud: 'google', destination: Binding.of('gs://backups/orders'), everyDays: 7 },
  }),
  'a container of Azure': synthesize({
    backup: { ...byName, cloud: 'azure', destination: Binding.of('https://backups.blob.core.windows.net/orders') },
  }),
};

interface ClusterSpec {
  readonly instances: number;
  readonly postgresql: {
    readonly parameters: Readonly<Record<string, string>>;
    readonly pg_hba: readonly string[];
    readonly synchronous: object;
  };
  readonly managed: { readonly roles: readonly { readonly name: string; readonly connectionLimit: number }[] };
  readonly replicationSlots: object;
  readonly [field: string]: unknown;
}
const specOf = <Spec>(kind: string, manifests: readonly Manifest[]) =>
  manifests.find((each) => each.kind === kind)?.['spec'] as Spec;
const clusterOf = (change: object = {}, base: object = props) =>
  specOf<ClusterSpec>('Cluster', synthesize(change, base));

const codeOf = (attempt: () => unknown): string | undefined => {
  try {
    attempt();
  } catch (error) {
    if (ConstructError.is(error)) return error.code;
    throw error;
  }
  return undefined;
};

describe('a PostgreSQL cluster', () => {
  test.each(Object.entries(VARIANTS))('with %s holds every rule', (_name, manifests) => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('that is replicated acknowledges nothing without a standby, and promotes none that may lack a commit', () => {
    expect(clusterOf().postgresql.synchronous).toEqual({
      method: 'any',
      number: 1,
      dataDurability: 'required',
      failoverQuorum: true,
    });
  });

  test('that prefers to go on acknowledges on one disk while no standby is there', () => {
    expect(clusterOf({ durability: 'preferred' }).postgresql.synchronous).toEqual({
      method: 'any',
      number: 1,
      dataDurability: 'preferred',
      failoverQuorum: false,
    });
  });

  test('of five has a commit on a majority', () => {
    expect(clusterOf({ instances: 5 }).postgresql.synchronous).toMatchObject({ number: 2 });
  });

  test('has a connection for every pool that is full at once, and some to spare', () => {
    const { managed, postgresql } = clusterOf();
    // Two poolers with 15 each, and five for migrations; four for the reader of changes.
    expect(managed.roles.map(({ name, connectionLimit }) => [name, connectionLimit])).toEqual([
      ['orders', 35],
      ['orders_changes', 4],
      ['read_models', 35],
    ]);
    expect(postgresql.parameters['max_connections']).toBe('94');
    expect(specOf<{ pgbouncer: { parameters: object } }>('Pooler', synthesize()).pgbouncer.parameters).toMatchObject({
      default_pool_size: '15',
      max_client_conn: '500',
    });
  });

  test('without a pooler has as many as its services said', () => {
    const { managed, postgresql } = clusterOf({}, direct);
    expect(managed.roles.map(({ connectionLimit }) => connectionLimit)).toEqual([35, 4, 15]);
    expect(postgresql.parameters['max_connections']).toBe('74');
  });

  test('divides its memory so that every connection may sort', () => {
    // A quarter of 8 GiB for the buffers, another one over 94 connections.
    expect(clusterOf().postgresql.parameters).toMatchObject({ shared_buffers: '2048MB', work_mem: '21MB' });
  });

  test('rejects more connections than its memory has room for', () => {
    const databases = { orders: { connections: 5_000, passwordSecret: 'orders-owner' } };
    expect(codeOf(() => synthesize({ databases }))).toBe('resources-too-small');
  });

  test('rejects a volume of the log that is full between two checkpoints', () => {
    expect(codeOf(() => synthesize({ storage: { ...props.storage, log: size('2 GiB') } }))).toBe('resources-too-small');
  });

  test('rejects a database whose second role would have a name that is cut off', () => {
    const databases = { ['d'.repeat(60)]: props.databases.orders };
    expect(codeOf(() => synthesize({ databases }))).toBe('name-too-long');
  });

  test('gives up a reader of changes before the volume of its log is full', () => {
    expect(clusterOf().postgresql.parameters).toMatchObject({
      max_wal_size: '4096MB',
      max_slot_wal_keep_size: '8192MB',
    });
  });

  test('logs changes for a reader only where there is one, and keeps its place over a failover', () => {
    expect(clusterOf().postgresql.parameters).toMatchObject({
      wal_level: 'logical',
      sync_replication_slots: 'on',
      hot_standby_feedback: 'on',
    });
    expect(clusterOf().replicationSlots).toEqual({
      highAvailability: { enabled: true, synchronizeLogicalDecoding: true },
    });
    expect(clusterOf({ databases: quiet }).postgresql.parameters['wal_level']).toBe('replica');
  });

  test('lets each role into its own database, by TLS and its password, and nobody else into any', () => {
    expect(clusterOf().postgresql.pg_hba).toEqual([
      'hostssl "orders" "orders" all scram-sha-256',
      'hostssl "orders" "orders_changes" all scram-sha-256',
      'hostssl "read_models" "read_models" all scram-sha-256',
      'host all all all reject',
    ]);
  });

  test('has no password in any object, only names of secrets', () => {
    expect(clusterOf().managed.roles).toContainEqual({
      name: 'orders',
      ensure: 'present',
      login: true,
      connectionLimit: 35,
      passwordSecret: { name: 'orders-owner' },
    });
    expect(synthesize().some(({ kind }) => kind === 'Secret')).toBe(false);
  });

  test('makes a database a service, and keeps it when its manifest is gone', () => {
    const databases = synthesize().filter(({ kind }) => kind === 'Database');
    expect(databases.map(({ metadata, spec }) => [metadata.name, spec])).toEqual([
      ['orders-orders', databaseSpec('orders')],
      ['orders-read-models', databaseSpec('read_models')],
    ]);
  });

  test('places the jobs that make its volumes as it places its instances, and no poolers with them', () => {
    expect(clusterOf()['topologySpreadConstraints']).toEqual([
      {
        topologyKey: 'topology.kubernetes.io/zone',
        maxSkew: 1,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: {
          matchLabels: { 'cnpg.io/cluster': 'orders' },
          matchExpressions: [{ key: 'cnpg.io/poolerName', operator: 'DoesNotExist' }],
        },
      },
    ]);
  });

  test('hands the primary over to a standby that is updated already', () => {
    expect(clusterOf()).toMatchObject({ primaryUpdateStrategy: 'unsupervised', primaryUpdateMethod: 'switchover' });
  });

  test('orders texts without the library of its image', () => {
    expect(clusterOf()['bootstrap']).toMatchObject({
      initdb: { localeProvider: 'builtin', builtinLocale: 'C.UTF-8', dataChecksums: true },
    });
  });

  test('archives by the plugin, since what is built in is on its way out, and makes a first copy at once', () => {
    expect(clusterOf()['plugins']).toEqual([
      {
        name: 'barman-cloud.cloudnative-pg.io',
        isWALArchiver: true,
        parameters: { barmanObjectName: 'orders-backup' },
      },
    ]);
    expect(specOf('ScheduledBackup', synthesize())).toMatchObject({
      method: 'plugin',
      immediate: true,
      schedule: '0 0 3 * * *',
    });
    expect(clusterOf()['backup']).toBeUndefined();
  });

  test('writes its backups as the pods’ own identity, with no key', () => {
    const store = specOf<{ configuration: object; retentionPolicy: string }>('ObjectStore', synthesize());
    expect(store.configuration).toMatchObject({
      destinationPath: 's3://backups/orders',
      s3Credentials: { inheritFromIAMRole: true },
    });
    expect(store.retentionPolicy).toBe('30d');
  });

  test('has a certificate that is also its pooler’s', () => {
    expect(clusterOf()['certificates']).toEqual({
      serverAltDNSNames: [
        'orders-pooler',
        'orders-pooler.data',
        'orders-pooler.data.svc',
        'orders-pooler.data.svc.cluster.local',
      ],
    });
  });

  test('lets its pooler take clients by TLS alone, a server connection for each transaction', () => {
    expect(specOf('Pooler', synthesize())).toMatchObject({
      pgbouncer: { poolMode: 'transaction', parameters: { client_tls_sslmode: 'require' } },
    });
  });

  test('lets in clients, its own pods, the operator and the scraper, and out to what it was told of', () => {
    interface Flows {
      readonly ingress: readonly { readonly ports: readonly { readonly port: number }[] }[];
      readonly egress: readonly { readonly to: readonly { readonly ipBlock?: object }[] }[];
    }
    const { ingress, egress } = specOf<Flows>('NetworkPolicy', synthesize());
    expect(ingress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([
      [5432],
      [5432, 8000],
      [5432, 8000],
      [9187, 9127],
    ]);
    expect(egress.flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock ?? []))).toEqual([
      { cidr: '10.0.0.0/16' },
      { cidr: '0.0.0.0/0' },
    ]);
  });

  test('tells services where to go with a transaction, a session and a read, and checks the server by its name', () => {
    const { service } = new PostgresCluster(new Chart(new App(), 'data'), 'postgres', props);
    const at = (host: string) => `postgresql://${host}.data.svc.cluster.local:5432/orders?sslmode=verify-full`;
    expect(service.transactionUrl('orders').lower()).toBe(at('orders-pooler'));
    expect(service.primaryUrl('orders').lower()).toBe(at('orders-rw'));
    expect(service.standbyUrl('orders').lower()).toBe(at('orders-ro'));
    expect(service.authoritySecret).toBe('orders-ca');
  });

  test('has its store before itself and its databases after, and needs the operator and its plugin', () => {
    const kinds = applyOrder(synthesize()).flatMap(({ objects }) => objects.map(({ kind }) => kind));
    expect(kinds.indexOf('ObjectStore')).toBeLessThan(kinds.indexOf('Cluster'));
    expect(kinds.indexOf('Cluster')).toBeLessThan(kinds.indexOf('Database'));
    expect(addonsFor(synthesize()).map(({ name }) => name)).toEqual(['cert-manager', 'cloudnative-pg', 'barman-cloud']);
  });

  test('loses its databases with a teardown, and says so beforehand', () => {
    const found = teardownBlocks(synthesize()).map(({ object: { kind, metadata }, effect }) => [
      `${kind}/${metadata.name}`,
      effect,
    ]);
    expect(found).toEqual([
      ['Database/orders-read-models', 'waits'],
      ['Database/orders-orders', 'waits'],
      ['Cluster/orders', 'loses'],
    ]);
  });
});

const databaseSpec = (name: string) => ({
  cluster: { name: 'orders' },
  name,
  owner: name,
  ensure: 'present',
  databaseReclaimPolicy: 'retain',
});

describeWith(realData, 'the API server takes a PostgreSQL cluster', () => {
  const schemas = new ApiSchemas();
  test.each(Object.entries(VARIANTS))('with %s, without a field that it does not know', (_name, manifests) => {
    const faults = manifests.flatMap((manifest) => schemas.faultsOf(manifest));
    // The definition of the plugin's store is not among the data.
    expect(faults.filter((fault) => fault !== 'no schema for barmancloud.cnpg.io/v1 ObjectStore')).toEqual([]);
  });
});
