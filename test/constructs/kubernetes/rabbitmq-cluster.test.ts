import { describe, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { ConstructError } from '../../../constructs/errors.ts';
import {
  ImageReference,
  RabbitMqCluster,
  type RabbitMqClusterProps,
  type RabbitMqSize,
} from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { teardownBlocks } from '../../../constructs/teardown.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

const size = (text: `${number} GiB`) => Bytes.parse(text);

const props = {
  name: 'jobs',
  namespace: 'rabbit',
  nodes: 3,
  durability: 'replicated',
  image: ImageReference.parse(`registry.example.com/rabbitmq@sha256:${'a'.repeat(64)}`),
  storage: { storageClass: 'fast', size: size('100 GiB') },
  resources: { cpu: 2, memory: size('8 GiB') },
  tlsSecret: 'jobs-tls',
  clientNamespaces: ['shop', 'billing'],
} as const satisfies RabbitMqClusterProps;
const { tlsSecret: _, ...plain } = props;

function synthesize(change: object = {}, base: object = props): readonly Manifest[] {
  const chart = new Chart(new App(), 'rabbit');
  new RabbitMqCluster(chart, 'rabbit', { ...base, ...change } as RabbitMqClusterProps);
  return chart.toJson() as Manifest[];
}

const ALONE: RabbitMqSize = { nodes: 1, durability: 'best-effort' };
const VARIANTS: Readonly<Record<string, readonly Manifest[]>> = {
  'three nodes with TLS': synthesize(),
  'five nodes': synthesize({ nodes: 5 }),
  'no encryption': synthesize({}, plain),
  'a user from a store': synthesize({ defaultUserSecret: 'jobs-admin' }),
  'one node, best effort': synthesize(ALONE, plain),
};

const found = (kind: string, manifests: readonly Manifest[]) =>
  manifests.find((each) => each.kind === kind)?.['spec'] as never;

interface ClusterSpec {
  readonly replicas: number;
  readonly terminationGracePeriodSeconds: number;
  readonly delayStartSeconds: number;
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly rabbitmq: { readonly additionalConfig: string };
  readonly secretBackend?: unknown;
  readonly tls?: unknown;
  readonly override: {
    readonly statefulSet: {
      readonly spec: {
        readonly persistentVolumeClaimRetentionPolicy: object;
        readonly template: {
          readonly spec: {
            readonly securityContext: object;
            readonly volumes: readonly unknown[];
            readonly containers: readonly [{ readonly ports?: object; readonly startupProbe: Probe }];
          };
        };
      };
    };
  };
}
interface Probe {
  readonly httpGet: object;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
const clusterOf = (change: object = {}, base: object = props): ClusterSpec =>
  found('RabbitmqCluster', synthesize(change, base));
const settingsOf = (cluster: ClusterSpec) =>
  Object.fromEntries(
    cluster.rabbitmq.additionalConfig
      .trim()
      .split('\n')
      .map((line) => line.split(' = ')),
  );
const podsOf = (cluster: ClusterSpec) => cluster.override.statefulSet.spec.template.spec;

const codeOf = (attempt: () => unknown): string | undefined => {
  try {
    attempt();
  } catch (error) {
    if (ConstructError.is(error)) return error.code;
    throw error;
  }
  return undefined;
};

describe('a RabbitMQ cluster', () => {
  test.each(Object.entries(VARIANTS))('with %s holds every rule', (_name, manifests) => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('rejects one node that is to be replicated', () => {
    expect(codeOf(() => synthesize({ nodes: 1 }))).toBe('durability-unavailable');
  });

  test('rejects less memory than the write-ahead log and the watermark leave room for', () => {
    expect(codeOf(() => synthesize({ resources: { cpu: 1, memory: size('1 GiB') } }))).toBe('resources-too-small');
  });

  test('rejects a volume on which publishers would be stopped from the start', () => {
    expect(codeOf(() => synthesize({ storage: { storageClass: 'fast', size: size('15 GiB') } }))).toBe(
      'resources-too-small',
    );
  });

  test('makes every queue a quorum queue unless its declaration says otherwise, led by any of the nodes', () => {
    expect(settingsOf(clusterOf())).toMatchObject({ default_queue_type: 'quorum', queue_leader_locator: 'balanced' });
  });

  test('stops publishers at half of the memory, and with less free disk than it has memory', () => {
    expect(settingsOf(clusterOf())).toMatchObject({
      'vm_memory_high_watermark.absolute': String(size('4 GiB').bytes),
      'disk_free_limit.absolute': String(size('8 GiB').bytes),
    });
  });

  test('has a memory limit that is its request, and none on the processor', () => {
    expect(clusterOf().resources).toEqual({
      requests: { cpu: '2000m', memory: '8Gi', 'ephemeral-storage': '128Mi' },
      limits: { memory: '8Gi', 'ephemeral-storage': '128Mi' },
    });
  });

  test('gives a node a week to see its queues safe, and the only one a minute', () => {
    expect(clusterOf().terminationGracePeriodSeconds).toBe(604_800);
    expect(clusterOf(ALONE, plain).terminationGracePeriodSeconds).toBe(60);
  });

  test('starts after DNS has forgotten that its pods had no names', () => {
    expect(clusterOf().delayStartSeconds).toBe(30);
  });

  test('has a quarter of an hour to read its store', () => {
    const [{ startupProbe }] = podsOf(clusterOf()).containers;
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(900);
  });

  test('runs in a group of its own where the operator would give it that of root', () => {
    expect(podsOf(clusterOf()).securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsGroup: 999,
      fsGroup: 999,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  test('keeps its claims, and bounds the scratch volumes of the operator', () => {
    expect(clusterOf().override.statefulSet.spec.persistentVolumeClaimRetentionPolicy).toEqual({
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });
    expect(podsOf(clusterOf()).volumes).toEqual(
      ['rabbitmq-erlang-cookie', 'rabbitmq-plugins'].map((name) => ({ name, emptyDir: { sizeLimit: '64Mi' } })),
    );
  });

  test('with TLS closes every plain port but that of its metrics', () => {
    const cluster = clusterOf();
    expect(cluster.tls).toEqual({ secretName: 'jobs-tls', disableNonTLSListeners: true });
    expect(settingsOf(cluster)['prometheus.tcp.port']).toBe('15692');
    const [container] = podsOf(cluster).containers;
    expect(container.ports).toEqual([{ name: 'prometheus', containerPort: 15692, protocol: 'TCP' }]);
    expect(container.startupProbe.httpGet).toMatchObject({ port: 'management-tls', scheme: 'HTTPS' });
  });

  test('without TLS names no port a second time', () => {
    const [container] = podsOf(clusterOf({}, plain)).containers;
    expect(container.ports).toBeUndefined();
    expect(container.startupProbe.httpGet).toMatchObject({ port: 'management', scheme: 'HTTP' });
  });

  test('lets in clients, its own nodes, the scaler and the scraper, each on its own ports', () => {
    const policy: { readonly ingress: readonly { readonly ports: readonly { port: number; endPort?: number }[] }[] } =
      found('NetworkPolicy', synthesize());
    expect(policy.ingress.map(({ ports }) => ports.map(({ port, endPort }) => endPort ?? port))).toEqual([
      [5671],
      [5671],
      [4369, 25672, 6500],
      [5671, 15671],
      [15692],
    ]);
  });

  test('tells the platform where it is and the name of the secret of its user, never what is in it', () => {
    const { service } = new RabbitMqCluster(new Chart(new App(), 'rabbit'), 'rabbit', props);
    expect(service.clientUrl.lower()).toBe('amqps://jobs.rabbit.svc.cluster.local:5671');
    expect(service.managementUrl.lower()).toBe('https://jobs.rabbit.svc.cluster.local:15671');
    expect(service.defaultUserSecret).toBe('jobs-default-user');
  });

  test('takes its user from a secret that somebody else makes', () => {
    expect(clusterOf({ defaultUserSecret: 'jobs-admin' }).secretBackend).toEqual({
      externalSecret: { name: 'jobs-admin' },
    });
  });

  test('loses its messages with a teardown, and says so beforehand', () => {
    expect(teardownBlocks(synthesize()).map(({ object: { kind }, effect }) => [kind, effect])).toEqual([
      ['RabbitmqCluster', 'waits'],
      ['RabbitmqCluster', 'loses'],
    ]);
  });
});

describeWith(realData, 'the API server takes a RabbitMQ cluster', () => {
  const schemas = new ApiSchemas();
  test.each(Object.entries(VARIANTS))('with %s, without a field that it does not know', (_name, manifests) => {
    expect(manifests.flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
