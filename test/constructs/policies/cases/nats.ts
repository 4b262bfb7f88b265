import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf } from './case.ts';

const labels = { 'app.kubernetes.io/name': 'nats' };
const metadata = (name: string) => ({ name, namespace: 'nats' });
const amounts = { memory: '8Gi', 'ephemeral-storage': '1Gi' };
const probe = (path: string) => ({
  httpGet: { path, port: 8222 },
  periodSeconds: 10,
  timeoutSeconds: 5,
  failureThreshold: 3,
});
const spread = { topologyKey: 'topology.kubernetes.io/zone', labelSelector: { matchLabels: labels } };

const CONFIG = `server_name: $SERVER_NAME
jetstream {
  store_dir: /data
  max_memory_store: 0
  max_file_store: 100Gi # the size of the claim
  sync_interval: always
}
tls {
  cert_file: /tls/tls.crt
  key_file: /tls/tls.key
  ca_file: /tls/ca.crt
}
authorization {
  users: [{ nkey: UAAA, permissions: { publish: ["orders.>"] } }]
}
`;

const server: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: metadata('nats'),
  spec: {
    replicas: 3,
    serviceName: 'nats-headless',
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: 'nats',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 60,
        topologySpreadConstraints: [{ ...spread, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ ...spread, topologyKey: 'kubernetes.io/hostname' }],
          },
        },
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65_532,
          runAsGroup: 65_532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        shareProcessNamespace: true,
        initContainers: [
          {
            name: 'reloader',
            image: 'registry.example.com/nats-server-config-reloader:0.23.0',
            restartPolicy: 'Always',
            args: ['tls.crt', 'tls.key', 'ca.crt'].flatMap((file) => ['-config', `/tls/${file}`]),
            resources: { requests: { cpu: '10m', ...amounts }, limits: amounts },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
        containers: [
          {
            name: 'nats',
            image: 'registry.example.com/nats:2.14.2',
            ports: [
              { name: 'client', containerPort: 4222 },
              { name: 'monitor', containerPort: 8222 },
            ],
            resources: { requests: { cpu: '2', ...amounts }, limits: amounts },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            lifecycle: { preStop: { exec: { command: ['nats-server', '-sl=ldm=/var/run/nats/nats.pid'] } } },
            startupProbe: probe('/healthz'),
            readinessProbe: probe('/healthz?js-server-only=true'),
            livenessProbe: probe('/healthz?js-enabled-only=true'),
          },
        ],
        volumes: [{ name: 'config', configMap: { name: 'nats' } }],
      },
    },
  },
};

const stream = (name: string, subjects: readonly string[]): Manifest => ({
  apiVersion: 'jetstream.nats.io/v1beta2',
  kind: 'Stream',
  metadata: metadata(name.toLowerCase().replaceAll('_', '-')),
  spec: {
    name,
    subjects,
    retention: 'workqueue',
    storage: 'file',
    replicas: 3,
    discard: 'new',
    maxAge: '24h',
    maxBytes: 1_073_741_824,
    duplicateWindow: '2m',
    preventDelete: true,
  },
});

const compliant: readonly Manifest[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('nats'), data: { 'nats.conf': CONFIG } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('nats-headless'),
    spec: { clusterIP: 'None', selector: labels, ports: [{ port: 4222 }] },
  },
  server,
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata('nats'),
    spec: { maxUnavailable: 1, selector: { matchLabels: labels }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  },
  stream('ORDERS', ['orders.>']),
  stream('ORDERS_ADVISORIES', ['$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.ORDERS.*']),
  {
    apiVersion: 'jetstream.nats.io/v1beta2',
    kind: 'Consumer',
    metadata: metadata('orders-bill'),
    spec: {
      streamName: 'ORDERS',
      durableName: 'bill',
      ackPolicy: 'explicit',
      ackWait: '30s',
      maxDeliver: 5,
      maxAckPending: 100,
      preventDelete: true,
    },
  },
];
const { broken, without } = casesOf(compliant);
const SERVER = ['StatefulSet', 'nats'] as const;
const STREAM = ['Stream', 'orders'] as const;
const config = (from: string | RegExp, policy: string, title: string, message: RegExp) =>
  broken(policy, title, ['ConfigMap', 'nats'], ['data', 'nats.conf'], CONFIG.replace(from, ''), message);

export const natsCases: CaseSet = {
  name: 'NATS',
  compliant,
  cases: [
    broken('nats-quorum', 'two servers', SERVER, 'spec.replicas', 2, /2 servers/),
    broken('nats-quorum', 'four servers', SERVER, 'spec.replicas', 4, /4 servers/),
    broken('nats-quorum', 'more copies than servers', STREAM, 'spec.replicas', 5, /5 copies on 3 servers/),
    broken(
      'consumer-leases',
      'a consumer that forgets',
      ['Consumer', 'orders-bill'],
      'spec.durableName',
      undefined,
      /not durable/,
    ),
    broken(
      'consumer-leases',
      'a consumer of nothing',
      ['Consumer', 'orders-bill'],
      'spec.streamName',
      undefined,
      /no stream/,
    ),
    config(/tls \{[^}]*\}/, 'nats-access', 'no encryption', /without TLS/),
    config(/authorization \{[^}]*\}[^}]*\}[^}]*\}/, 'nats-access', 'no users', /lets anyone in/),
    config(/permissions: \{[^}]*\}/, 'nats-access', 'users who may do everything', /states no permissions/),
    broken(
      'nats-certificate-renewed',
      'a certificate that nobody watches',
      SERVER,
      'spec.template.spec.initContainers.0.args.1',
      '/etc/nats.conf',
      /watches \/tls\/tls.crt/,
    ),
    broken(
      'nats-certificate-renewed',
      'a reloader that sees no server',
      SERVER,
      'spec.template.spec.shareProcessNamespace',
      undefined,
      /can signal/,
    ),
    broken('stateful-set-named', 'no service', SERVER, 'spec.serviceName', undefined, /not stated/),
    broken('stateful-set-named', 'a service of another name', SERVER, 'spec.serviceName', 'nats', /no service nats/),
    broken(
      'stateful-set-named',
      'a service with an address of its own',
      ['Service', 'nats-headless'],
      'spec.clusterIP',
      undefined,
      /not headless/,
    ),
    broken(
      'stateful-set-named',
      'a service of other pods',
      ['Service', 'nats-headless'],
      'spec.selector',
      { 'app.kubernetes.io/name': 'other' },
      /selects other pods/,
    ),
    config(/max_file_store.*/, 'nats-storage', 'a file store without a bound', /max_file_store/),
    config(/max_memory_store.*/, 'nats-storage', 'a memory store without a bound', /max_memory_store/),
    config(/sync_interval.*/, 'nats-storage', 'a write whenever', /sync_interval/),
    without('nats-storage', 'no configuration', ['ConfigMap', 'nats'], /max_file_store/),
    broken('stream-replicated', 'one copy', STREAM, 'spec.replicas', 1, /replicas is 1/),
    broken('stream-replicated', 'two copies', STREAM, 'spec.replicas', 2, /replicas is 2/),
    broken('stream-replicated', 'an unstated number of copies', STREAM, 'spec.replicas', undefined, /not stated/),
    broken('stream-aged', 'no age', STREAM, 'spec.maxAge', undefined, /no maxAge/),
    broken(
      'stream-kept',
      'a stream that goes with its manifest',
      STREAM,
      'spec.preventDelete',
      undefined,
      /preventDelete/,
    ),
    broken(
      'stream-kept',
      'a consumer that goes with its manifest',
      ['Consumer', 'orders-bill'],
      'spec.preventDelete',
      false,
      /preventDelete/,
    ),
    without(
      'consumer-dead-letters',
      'advisories that nobody keeps',
      ['Stream', 'orders-advisories'],
      /dead letters of ORDERS/,
    ),
    broken(
      'consumer-dead-letters',
      'advisories of another stream',
      ['Stream', 'orders-advisories'],
      'spec.subjects',
      ['$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.MAILS.*'],
      /dead letters of ORDERS/,
    ),
    broken(
      'endpoint-drained',
      'a server that just stops',
      SERVER,
      'spec.template.spec.containers.0.lifecycle',
      undefined,
      /no preStop/,
    ),
    broken(
      'endpoint-drained',
      'the default grace',
      SERVER,
      'spec.template.spec.terminationGracePeriodSeconds',
      undefined,
      /terminationGracePeriodSeconds/,
    ),
    broken(
      'probes-explicit',
      'a second to answer',
      SERVER,
      'spec.template.spec.containers.0.livenessProbe.timeoutSeconds',
      undefined,
      /livenessProbe does not state timeoutSeconds/,
    ),
    broken(
      'probes-explicit',
      'a probe of no path',
      SERVER,
      'spec.template.spec.containers.0.readinessProbe.httpGet.path',
      undefined,
      /asks for no path/,
    ),
    broken(
      'probes-explicit',
      'a probe of nothing',
      SERVER,
      'spec.template.spec.containers.0.startupProbe.httpGet',
      undefined,
      /asks nothing/,
    ),
  ],
};
