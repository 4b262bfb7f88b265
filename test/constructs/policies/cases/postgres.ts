import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf } from './case.ts';

const apiVersion = 'postgresql.cnpg.io/v1';
const metadata = (name: string) => ({ name, namespace: 'data' });
const PODS = { 'cnpg.io/cluster': 'orders' };

const cluster: Manifest = {
  apiVersion,
  kind: 'Cluster',
  metadata: metadata('orders'),
  spec: {
    instances: 3,
    imageName: 'registry.example.com/postgresql:17.6',
    bootstrap: { initdb: { dataChecksums: true } },
    postgresql: {
      parameters: {
        max_connections: '100',
        shared_buffers: '2048MB',
        max_wal_size: '4096MB',
        max_slot_wal_keep_size: '8192MB',
      },
      pg_hba: ['hostssl "orders" "orders" all scram-sha-256', 'host all all all reject'],
      synchronous: { method: 'any', number: 1, dataDurability: 'required', failoverQuorum: true },
    },
    managed: { roles: [{ name: 'orders', connectionLimit: 45, passwordSecret: { name: 'orders-owner' } }] },
    resources: {
      requests: { cpu: '2', memory: '8Gi', 'ephemeral-storage': '2Gi' },
      limits: { memory: '8Gi', 'ephemeral-storage': '2Gi' },
    },
    storage: { storageClass: 'fast', size: '100Gi' },
    walStorage: { storageClass: 'fast', size: '16Gi' },
    affinity: { podAntiAffinityType: 'required', topologyKey: 'kubernetes.io/hostname' },
    topologySpreadConstraints: [
      {
        topologyKey: 'topology.kubernetes.io/zone',
        maxSkew: 1,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: PODS },
      },
    ],
    plugins: [
      {
        name: 'barman-cloud.cloudnative-pg.io',
        isWALArchiver: true,
        parameters: { barmanObjectName: 'orders-backup' },
      },
    ],
  },
};

const schedule: Manifest = {
  apiVersion,
  kind: 'ScheduledBackup',
  metadata: metadata('orders-backup'),
  spec: {
    cluster: { name: 'orders' },
    schedule: '0 0 3 * * *',
    method: 'plugin',
    pluginConfiguration: { name: 'barman-cloud.cloudnative-pg.io' },
  },
};

const pooler: Manifest = {
  apiVersion,
  kind: 'Pooler',
  metadata: metadata('orders-pooler'),
  spec: {
    cluster: { name: 'orders' },
    instances: 2,
    pgbouncer: {
      image: 'registry.example.com/pgbouncer:1.25.1',
      poolMode: 'transaction',
      parameters: { default_pool_size: '20', max_client_conn: '500', client_tls_sslmode: 'require' },
    },
    template: {
      spec: {
        containers: [
          { name: 'pgbouncer', resources: { requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '256Mi' } } },
        ],
      },
    },
  },
};

const budget: Manifest = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadata('orders-pooler'),
  spec: {
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    selector: { matchLabels: { 'cnpg.io/poolerName': 'orders-pooler' } },
  },
};

const flows: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata('orders'),
  spec: {
    podSelector: { matchLabels: PODS },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }],
        ports: [{ port: 5432, protocol: 'TCP' }],
      },
    ],
  },
};

const compliant = [cluster, schedule, pooler, budget, flows];
const { broken, without } = casesOf(compliant);
const CLUSTER = ['Cluster', 'orders'] as const;
const SCHEDULE = ['ScheduledBackup', 'orders-backup'] as const;
const POOLER = ['Pooler', 'orders-pooler'] as const;
const BUDGET = ['PodDisruptionBudget', 'orders-pooler'] as const;
const FLOWS = ['NetworkPolicy', 'orders'] as const;
const SYNCHRONOUS = 'spec.postgresql.synchronous';
const parameter = (name: string) => ['spec', 'postgresql', 'parameters', name];
const ROLE = 'spec.managed.roles.0';

const replicated = [
  broken('postgres-replicated', 'two instances', CLUSTER, 'spec.instances', 2, /2 instances/),
  broken(
    'postgres-replicated',
    'no standby that a commit waits for',
    CLUSTER,
    SYNCHRONOUS,
    undefined,
    /no standby has/,
  ),
  broken(
    'postgres-replicated',
    'an unstated durability',
    CLUSTER,
    `${SYNCHRONOUS}.dataDurability`,
    undefined,
    /while no standby is there/,
  ),
  broken(
    'postgres-replicated',
    'any standby promoted',
    CLUSTER,
    `${SYNCHRONOUS}.failoverQuorum`,
    false,
    /lacks an acknowledged commit/,
  ),
  broken('postgres-replicated', 'every standby waited for', CLUSTER, `${SYNCHRONOUS}.number`, 2, /stops all writers/),
  broken('postgres-replicated', 'instances on one machine', CLUSTER, 'spec.affinity', undefined, /on one machine/),
  broken(
    'postgres-replicated',
    'zones as they come',
    CLUSTER,
    'spec.topologySpreadConstraints',
    undefined,
    /in one zone/,
  ),
  broken(
    'postgres-replicated',
    'a spread of instances without the jobs that place their volumes',
    CLUSTER,
    'spec.topologySpreadConstraints.0.labelSelector.matchLabels',
    { ...PODS, 'cnpg.io/podRole': 'instance' },
    /every pod of the cluster/,
  ),
  broken('postgres-replicated', 'no budget', CLUSTER, 'spec.enablePDB', false, /enablePDB/),
];

const backedUp = [
  broken('postgres-backed-up', 'no archive', CLUSTER, 'spec.plugins', undefined, /archives no log/),
  broken(
    'postgres-backed-up',
    'a store that is not named',
    CLUSTER,
    'spec.plugins.0.parameters',
    undefined,
    /to no store/,
  ),
  without('postgres-backed-up', 'no schedule', SCHEDULE, /by no ScheduledBackup/),
  broken('postgres-backed-up', 'a schedule that is suspended', SCHEDULE, 'spec.suspend', true, /no ScheduledBackup/),
  broken('postgres-backed-up', 'the method of old', SCHEDULE, 'spec.method', 'barmanObjectStore', /another way/),
];

const access = [
  broken('postgres-access', 'a superuser', CLUSTER, 'spec.enableSuperuserAccess', true, /superuser in by a password/),
  broken(
    'postgres-access',
    'the last rule of the operator',
    CLUSTER,
    'spec.postgresql.pg_hba.1',
    'hostssl "orders" "reader" all scram-sha-256',
    /rejects all/,
  ),
  broken(
    'postgres-access',
    'a rule without TLS',
    CLUSTER,
    'spec.postgresql.pg_hba.0',
    'host "orders" "orders" all scram-sha-256',
    /without TLS/,
  ),
  broken(
    'postgres-access',
    'every database',
    CLUSTER,
    'spec.postgresql.pg_hba.0',
    'hostssl all all all scram-sha-256',
    /into every database/,
  ),
  broken('postgres-access', 'a role above all', CLUSTER, `${ROLE}.superuser`, true, /what it likes/),
  broken('postgres-access', 'a role without password', CLUSTER, `${ROLE}.passwordSecret`, undefined, /no password/),
  broken('postgres-access', 'a role without limit', CLUSTER, `${ROLE}.connectionLimit`, undefined, /every connection/),
  without('postgres-access', 'no flows', FLOWS, /no NetworkPolicy/),
];

const limits = [
  broken('postgres-limits', 'no request', CLUSTER, 'spec.resources.requests.cpu', undefined, /requests no cpu/),
  broken('postgres-limits', 'memory lent', CLUSTER, 'spec.resources.limits.memory', '16Gi', /not its request/),
  broken('postgres-limits', 'the log among the data', CLUSTER, 'spec.walStorage', undefined, /size of walStorage/),
  broken('postgres-limits', 'any class', CLUSTER, 'spec.storage.storageClass', undefined, /class of storage/),
  broken(
    'postgres-limits',
    'a slot that keeps everything',
    CLUSTER,
    parameter('max_slot_wal_keep_size'),
    undefined,
    /max_slot_wal_keep_size/,
  ),
  broken('postgres-limits', 'roles for more', CLUSTER, parameter('max_connections'), '40', /45 of 40 connections/),
  broken(
    'postgres-limits',
    'pages without checksums',
    CLUSTER,
    'spec.bootstrap.initdb.dataChecksums',
    undefined,
    /dataChecksums/,
  ),
];

const pooled = [
  broken('postgres-pooler', 'the only one', POOLER, 'spec.instances', 1, /1 replicas/),
  broken('postgres-pooler', 'sessions', POOLER, 'spec.pgbouncer.poolMode', undefined, /poolMode is session/),
  broken(
    'postgres-pooler',
    'clients without TLS',
    POOLER,
    'spec.pgbouncer.parameters.client_tls_sslmode',
    'prefer',
    /without TLS/,
  ),
  broken(
    'postgres-pooler',
    'pools larger than the role',
    POOLER,
    'spec.pgbouncer.parameters.default_pool_size',
    '30',
    /60 connections as orders, which is allowed 45/,
  ),
  broken('postgres-pooler', 'a pooler of nothing', POOLER, 'spec.cluster.name', undefined, /names no cluster/),
  without('postgres-pooler', 'no budget', BUDGET, /no PodDisruptionBudget/),
];

export const postgresCases: CaseSet = {
  name: 'PostgreSQL',
  compliant,
  cases: [...replicated, ...backedUp, ...access, ...limits, ...pooled],
};
