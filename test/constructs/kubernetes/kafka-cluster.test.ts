import { beforeAll, describe, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import { JsonPatch } from 'cdk8s';
import { type KafkaAuthentication, KafkaService, type KafkaSize } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { strimziPodsOf } from '../../../constructs/policies/strimzi.ts';
import { BEST_EFFORT, FSYNC, kafkaPlatform, kafkaProps, REPLICATED } from '../../helpers/kafka.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

const AUTHENTICATIONS = ['tls', 'scram-sha-512'] as const satisfies readonly KafkaAuthentication[];
const VARIANTS = AUTHENTICATIONS.flatMap((authentication) =>
  [FSYNC, REPLICATED, BEST_EFFORT].map((size) => [authentication, size.durability, size] as const),
);

interface Kafka {
  readonly kafka: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly listeners: readonly {
      readonly tls: boolean;
      readonly authentication: object;
      readonly networkPolicyPeers: readonly object[];
    }[];
    readonly authorization: object;
    readonly template: object;
    readonly metricsConfig: object;
  };
}
interface Pool {
  readonly replicas: number;
  readonly roles: readonly string[];
  readonly storage: { readonly volumes: readonly object[] };
  readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string>>>>;
  readonly jvmOptions: object;
  readonly template: { readonly pod: { readonly affinity?: object; readonly topologySpreadConstraints?: object } };
}

const named = (manifests: readonly Manifest[], kind: string, name: string) =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name)?.['spec'];
const kafkaOf = (size: KafkaSize, authentication: KafkaAuthentication = 'tls', change = {}) =>
  named(kafkaPlatform(authentication, size, change).manifests, 'Kafka', 'events') as Kafka;
const poolOf = (role: 'broker' | 'controller', size: KafkaSize, change = {}) =>
  named(kafkaPlatform('tls', size, change).manifests, 'KafkaNodePool', `events-${role}`) as Pool;

describe.each(VARIANTS)('a Kafka cluster with %s that is %s', (authentication, _, size) => {
  const { manifests } = kafkaPlatform(authentication, size);

  test('holds every rule, its topics and users too', () => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('lies with its topics and users in one namespace: its operators look nowhere else', () => {
    expect(new Set(manifests.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['kafka']));
  });
});

describe('a Kafka cluster', () => {
  test.each(['fsync', 'replicated'] as const)('rejects two brokers that are to be %s', (durability) => {
    const size = { brokers: 2, controllers: 3, durability } as const;
    expect(() => kafkaPlatform('tls', size)).toThrow('durability-unavailable');
  });

  test('keeps three copies of everything and acknowledges with two, whatever its size', () => {
    for (const size of [FSYNC, REPLICATED]) {
      expect(kafkaOf(size).kafka.config).toMatchObject({
        'default.replication.factor': 3,
        'min.insync.replicas': 2,
        'offsets.topic.replication.factor': 3,
        'transaction.state.log.replication.factor': 3,
        'transaction.state.log.min.isr': 2,
        'auto.create.topics.enable': false,
        'unclean.leader.election.enable': false,
      });
    }
  });

  test('writes to the disk before it acknowledges only where that was promised', () => {
    expect(kafkaOf(FSYNC).kafka.config['log.flush.interval.messages']).toBe(1);
    expect(kafkaOf(REPLICATED).kafka.config['log.flush.interval.messages']).toBeUndefined();
  });

  test('keeps one copy on one broker, and says that this breaks rules', () => {
    expect(kafkaOf(BEST_EFFORT).kafka.config).toMatchObject({
      'default.replication.factor': 1,
      'min.insync.replicas': 1,
      'transaction.state.log.min.isr': 1,
    });
    expect(poolOf('broker', BEST_EFFORT).template.pod.affinity).toBeUndefined();
  });

  test.each(AUTHENTICATIONS)('has one listener, encrypted and with %s, for the namespaces of clients', (type) => {
    const peer = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });
    expect(kafkaOf(FSYNC, type).kafka.listeners).toEqual([
      {
        name: 'tls',
        port: 9093,
        type: 'internal',
        tls: true,
        authentication: { type },
        networkPolicyPeers: [peer('shop'), peer('reports')],
      },
    ]);
  });

  test('has no super users unless asked, and knows one by the subject of its certificate', () => {
    const superUsers = ['operations'];
    expect(kafkaOf(FSYNC).kafka.authorization).toEqual({ type: 'simple' });
    expect(kafkaOf(FSYNC, 'tls', { superUsers }).kafka.authorization).toMatchObject({ superUsers: ['CN=operations'] });
    expect(kafkaOf(FSYNC, 'scram-sha-512', { superUsers }).kafka.authorization).toMatchObject({ superUsers });
  });

  test('has as many nodes of each role as were asked for, none of both', () => {
    expect(poolOf('broker', REPLICATED)).toMatchObject({ replicas: 6, roles: ['broker'] });
    expect(poolOf('controller', REPLICATED)).toMatchObject({ replicas: 5, roles: ['controller'] });
  });

  test('keeps its disks when it is deleted', () => {
    for (const role of ['broker', 'controller'] as const)
      expect(poolOf(role, FSYNC).storage.volumes).toMatchObject([{ type: 'persistent-claim', deleteClaim: false }]);
  });

  test.each([
    ['8 GiB', '4096m'],
    ['2 GiB', '1024m'],
    ['64 GiB', '6144m'],
  ] as const)('of %s a node has a heap of %s: the page cache has the rest', (memory, heap) => {
    const { nodes } = kafkaProps('tls');
    const broker = { ...nodes.broker, resources: { cpu: 2, memory: Bytes.parse(memory) } };
    const pool = poolOf('broker', FSYNC, { nodes: { ...nodes, broker } });
    expect(pool.jvmOptions).toEqual({ '-Xms': heap, '-Xmx': heap });
    expect(pool.resources.limits['memory']).toBe(pool.resources.requests['memory']);
  });

  test('is moved by the Drain Cleaner alone: a broker that is ready is not yet in sync', () => {
    expect(kafkaOf(FSYNC).kafka.template).toEqual({ podDisruptionBudget: { maxUnavailable: 0 } });
  });

  test('says of each of its five kinds of container how it is confined', () => {
    const pods = kafkaPlatform('tls', FSYNC).manifests.flatMap(strimziPodsOf);
    const containers = pods.flatMap(({ containers: own = [], initContainers = [] }) => [...own, ...initContainers]);
    expect(new Set(containers.map(({ name }) => name))).toEqual(
      new Set(['kafka', 'init', 'topic-operator', 'user-operator', 'kafka-exporter']),
    );
    for (const { securityContext } of containers) {
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    }
  });

  test('takes patches of each of its objects', () => {
    const overrides = {
      kafka: [JsonPatch.add('/spec/kafka/config/num.network.threads', 8)],
      brokers: [JsonPatch.replace('/spec/replicas', 4)],
      controllers: [JsonPatch.replace('/spec/replicas', 5)],
    };
    expect(kafkaOf(FSYNC, 'tls', { overrides }).kafka.config['num.network.threads']).toBe(8);
    expect(poolOf('broker', FSYNC, { overrides }).replicas).toBe(4);
    expect(poolOf('controller', FSYNC, { overrides }).replicas).toBe(5);
  });

  test('tells the platform where clients begin, and whom to trust', () => {
    const { service } = kafkaPlatform('tls', FSYNC).cluster;
    expect(service.bootstrap.lower()).toBe('events-kafka-bootstrap.kafka.svc.cluster.local:9093');
    expect(service.authoritySecret).toBe('events-cluster-ca-cert');
  });
});

test.each([
  [1, 1, 1],
  [2, 2, 1],
  [3, 3, 2],
  [9, 3, 2],
] as const)('a service of %i brokers keeps %i copies, of which %i acknowledge', (brokers, copies, inSync) => {
  const service = new KafkaService({ namespace: 'kafka', authentication: 'tls', brokers, controllers: 3 });
  expect([service.copies, service.inSync]).toEqual([copies, inSync]);
});

describeWith(realData, "Strimzi's definitions", () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  test.each(VARIANTS)('take a cluster with %s that is %s', (authentication, _, size) => {
    const { manifests } = kafkaPlatform(authentication, size, { superUsers: ['operations'] });
    expect(manifests.flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
