import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf } from './case.ts';

const metadata = (name: string) => ({ name, namespace: 'data' });
const PODS = { 'app.kubernetes.io/name': 'sessions' };
const config = (change: Readonly<Record<string, string | undefined>> = {}): string =>
  Object.entries({
    'protected-mode': 'yes',
    aclfile: '/etc/valkey-users/users.acl',
    maxmemory: '1073741824',
    'maxmemory-policy': 'allkeys-lru',
    appendonly: 'no',
    ...change,
  })
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`]))
    .join('\n');
const USERS = 'user default off -@all\nuser shop on #{{ .shop }} ~shop:* -@all +@read +@write -@dangerous\n';

const probe = (command: string) => ({
  exec: { command: ['sh', '-c', command] },
  periodSeconds: 10,
  timeoutSeconds: 5,
  failureThreshold: 3,
});

const server: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: metadata('sessions'),
  spec: {
    serviceName: 'sessions',
    replicas: 2,
    selector: { matchLabels: PODS },
    template: {
      metadata: { labels: PODS },
      spec: {
        serviceAccountName: 'sessions',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 30,
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: PODS } },
            ],
          },
        },
        topologySpreadConstraints: [
          {
            topologyKey: 'topology.kubernetes.io/zone',
            maxSkew: 1,
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: PODS },
          },
        ],
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65_532,
          runAsGroup: 65_532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'valkey',
            image: 'registry.example.com/valkey:9.0.1',
            ports: [{ containerPort: 6379 }],
            resources: {
              requests: { cpu: '500m', memory: '2Gi', 'ephemeral-storage': '64Mi' },
              limits: { memory: '2Gi', 'ephemeral-storage': '64Mi' },
            },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            lifecycle: { preStop: { sleep: { seconds: 3 } } },
            startupProbe: probe('valkey-cli -e ping'),
            readinessProbe: probe('valkey-cli -e ping'),
            livenessProbe: probe('valkey-cli ping | grep -q .'),
          },
        ],
        volumes: [
          { name: 'config', configMap: { name: 'sessions-config' } },
          { name: 'users', secret: { secretName: 'sessions-users' } },
        ],
      },
    },
  },
};

const service: Manifest = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata('sessions'),
  spec: { clusterIP: 'None', selector: PODS, ports: [{ port: 6379 }] },
};

const settings: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadata('sessions-config'),
  data: { 'valkey.conf': config() },
};

const users: Manifest = {
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata: metadata('sessions-users'),
  spec: {
    secretStoreRef: { name: 'vault', kind: 'ClusterSecretStore' },
    target: { name: 'sessions-users', template: { data: { 'users.acl': USERS } } },
    data: [{ secretKey: 'shop', remoteRef: { key: 'shop/valkey' } }],
  },
};

const budget: Manifest = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadata('sessions'),
  spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels: PODS } },
};

const flows: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata('sessions'),
  spec: {
    podSelector: { matchLabels: PODS },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }],
        ports: [{ port: 6379, protocol: 'TCP' }],
      },
    ],
  },
};

const compliant = [server, service, settings, users, budget, flows];
const { broken, without } = casesOf(compliant);
const CONFIG = ['ConfigMap', 'sessions-config'] as const;
const SECRET = ['ExternalSecret', 'sessions-users'] as const;
const FLOWS = ['NetworkPolicy', 'sessions'] as const;
const FILE = ['data', 'valkey.conf'];
const USERS_FILE = ['spec', 'target', 'template', 'data', 'users.acl'];
const configured = (
  policy: string,
  title: string,
  change: Readonly<Record<string, string | undefined>>,
  message: RegExp,
) => broken(policy, title, CONFIG, FILE, config(change), message);

export const valkeyCases: CaseSet = {
  name: 'Valkey',
  compliant,
  cases: [
    configured('valkey-bounded', 'data without a bound', { maxmemory: undefined }, /\(maxmemory\)/),
    configured('valkey-bounded', 'data up to the limit', { maxmemory: '2000000000' }, /takes data of 2000000000/),
    configured('valkey-bounded', 'the policy of the server', { 'maxmemory-policy': undefined }, /when it is full/),
    configured(
      'valkey-bounded',
      'a cache that refuses',
      { 'maxmemory-policy': 'noeviction' },
      /refuses to write when it is full/,
    ),
    configured('valkey-bounded', 'an unsaid purpose', { appendonly: undefined }, /\(appendonly\)/),
    configured('valkey-bounded', 'data that may go', { appendonly: 'yes' }, /forgets what it was to keep/),
    configured('valkey-bounded', 'the time of the server', { appendonly: 'yes' }, /log is on the disk/),
    configured('valkey-bounded', 'a log in the pod', { appendonly: 'yes' }, /disk of the pod/),
    configured(
      'valkey-bounded',
      'no room to write the log anew',
      { appendonly: 'yes', maxmemory: '1610612736' },
      /at most 60 % as a durable server/,
    ),
    configured('valkey-access', 'no users', { aclfile: undefined }, /\(aclfile\)/),
    configured('valkey-access', 'a password for all', { requirepass: 'secret' }, /password in its configuration/),
    configured('valkey-access', 'a server without protection', { 'protected-mode': 'no' }, /protected-mode/),
    broken(
      'valkey-access',
      'an open default user',
      SECRET,
      USERS_FILE,
      USERS.replace('user default off', 'user default on'),
      /default user open/,
    ),
    broken('valkey-access', 'no file of users', SECRET, USERS_FILE, undefined, /default user open/),
    broken(
      'valkey-access',
      'a user above all',
      SECRET,
      USERS_FILE,
      USERS.replace('-@all +@read', '+@all'),
      /gives every command: user shop/,
    ),
    without('valkey-access', 'no flows', FLOWS, /no NetworkPolicy/),
  ],
};
