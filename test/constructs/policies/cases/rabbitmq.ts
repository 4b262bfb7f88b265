import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf } from './case.ts';

const pods = { 'app.kubernetes.io/name': 'jobs', 'app.kubernetes.io/component': 'rabbitmq' };
const metadata = { name: 'jobs', namespace: 'rabbit' };
const config = (change: Readonly<Record<string, string | undefined>> = {}): string =>
  Object.entries({
    default_queue_type: 'quorum',
    'vm_memory_high_watermark.absolute': '2147483648',
    'disk_free_limit.absolute': '4294967296',
    ...change,
  })
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}`]))
    .join('\n');

const cluster: Manifest = {
  apiVersion: 'rabbitmq.com/v1beta1',
  kind: 'RabbitmqCluster',
  metadata,
  spec: {
    replicas: 3,
    image: 'registry.example.com/rabbitmq:4.3.5',
    terminationGracePeriodSeconds: 604_800,
    service: { type: 'ClusterIP' },
    persistence: { storageClassName: 'fast', storage: '100Gi' },
    resources: {
      requests: { cpu: '1', memory: '4Gi', 'ephemeral-storage': '128Mi' },
      limits: { memory: '4Gi', 'ephemeral-storage': '128Mi' },
    },
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: pods } },
        ],
      },
    },
    tls: { secretName: 'jobs-tls', disableNonTLSListeners: true },
    rabbitmq: { additionalConfig: config() },
    override: {
      statefulSet: {
        spec: {
          persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
          template: {
            spec: {
              containers: [],
              topologySpreadConstraints: [
                {
                  topologyKey: 'topology.kubernetes.io/zone',
                  maxSkew: 1,
                  whenUnsatisfiable: 'DoNotSchedule',
                  labelSelector: { matchLabels: pods },
                },
              ],
            },
          },
        },
      },
    },
  },
};

const budget: Manifest = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata,
  spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels: pods } },
};

const flows: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata,
  spec: {
    podSelector: { matchLabels: pods },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }],
        ports: [{ port: 5671, protocol: 'TCP' }],
      },
    ],
  },
};

const compliant = [cluster, budget, flows];
const { broken, without } = casesOf(compliant);
const CLUSTER = ['RabbitmqCluster', 'jobs'] as const;
const BUDGET = ['PodDisruptionBudget', 'jobs'] as const;
const FLOWS = ['NetworkPolicy', 'jobs'] as const;
const CONFIG = 'spec.rabbitmq.additionalConfig';
const STATEFUL_SET = 'spec.override.statefulSet.spec';
const SPREAD = `${STATEFUL_SET}.template.spec.topologySpreadConstraints`;

export const rabbitmqCases: CaseSet = {
  name: 'RabbitMQ',
  compliant,
  cases: [
    broken('rabbitmq-quorum', 'two nodes', CLUSTER, 'spec.replicas', 2, /2 nodes, expected 3 or 5/),
    broken('rabbitmq-quorum', 'the one node of the default', CLUSTER, 'spec.replicas', undefined, /1 nodes/),
    broken('rabbitmq-quorum', 'zones as they come', CLUSTER, SPREAD, undefined, /majority in one zone/),
    broken(
      'rabbitmq-quorum',
      'a spread that gives way',
      CLUSTER,
      `${SPREAD}.0.whenUnsatisfiable`,
      'ScheduleAnyway',
      /majority in one zone/,
    ),
    broken('rabbitmq-quorum', 'nodes on one machine', CLUSTER, 'spec.affinity', undefined, /two nodes on one machine/),
    without('rabbitmq-quorum', 'no budget', BUDGET, /no PodDisruptionBudget/),
    broken('rabbitmq-quorum', 'two nodes at a time', BUDGET, 'spec.maxUnavailable', 2, /more than one pod/),
    broken(
      'rabbitmq-quorum',
      'a budget that holds on to the sick',
      BUDGET,
      'spec.unhealthyPodEvictionPolicy',
      undefined,
      /AlwaysAllow/,
    ),
    broken('image-immutable', 'the image of the operator', CLUSTER, 'spec.image', undefined, /\(none\) may move/),
    broken('rabbitmq-durable', 'the queue type of the server', CLUSTER, CONFIG, undefined, /type is not stated/),
    broken(
      'rabbitmq-durable',
      'a type that a later line takes back',
      CLUSTER,
      CONFIG,
      `${config()}\ndefault_queue_type = classic`,
      /type is classic/,
    ),
    broken(
      'rabbitmq-durable',
      'a volume of the pod',
      CLUSTER,
      'spec.persistence.storage',
      '0Gi',
      /size of its volumes/,
    ),
    broken(
      'rabbitmq-durable',
      'any class of storage',
      CLUSTER,
      'spec.persistence.storageClassName',
      undefined,
      /class of its storage/,
    ),
    broken(
      'rabbitmq-durable',
      'claims that go with the set',
      CLUSTER,
      `${STATEFUL_SET}.persistentVolumeClaimRetentionPolicy.whenDeleted`,
      'Delete',
      /does not keep the claims/,
    ),
    broken(
      'rabbitmq-durable',
      'a node that is ended at once',
      CLUSTER,
      'spec.terminationGracePeriodSeconds',
      30,
      /30 seconds to hand over/,
    ),
    broken(
      'rabbitmq-limits',
      'more memory than requested',
      CLUSTER,
      'spec.resources.limits.memory',
      '8Gi',
      /is not its request/,
    ),
    broken('rabbitmq-limits', 'no request', CLUSTER, 'spec.resources.requests.cpu', undefined, /requests no cpu/),
    broken(
      'rabbitmq-limits',
      'scratch without a bound',
      CLUSTER,
      ['spec', 'resources', 'limits', 'ephemeral-storage'],
      undefined,
      /limits state no ephemeral-storage/,
    ),
    broken(
      'rabbitmq-limits',
      'the watermark of the server',
      CLUSTER,
      CONFIG,
      config({ 'vm_memory_high_watermark.absolute': undefined }),
      /from which memory on/,
    ),
    broken(
      'rabbitmq-limits',
      'a watermark near the limit',
      CLUSTER,
      CONFIG,
      config({ 'vm_memory_high_watermark.absolute': '4000000000' }),
      /go on to 4000000000/,
    ),
    broken(
      'rabbitmq-limits',
      'the disk limit of the server',
      CLUSTER,
      CONFIG,
      config({ 'disk_free_limit.absolute': undefined }),
      /from which free disk on/,
    ),
    broken('rabbitmq-access', 'a load balancer', CLUSTER, 'spec.service.type', 'LoadBalancer', /by a LoadBalancer/),
    broken('rabbitmq-access', 'TLS without a key', CLUSTER, 'spec.tls.secretName', undefined, /names no secret/),
    broken(
      'rabbitmq-access',
      'a plain port beside',
      CLUSTER,
      'spec.tls.disableNonTLSListeners',
      undefined,
      /without TLS beside/,
    ),
    without('rabbitmq-access', 'no flows', FLOWS, /no NetworkPolicy/),
  ],
};
