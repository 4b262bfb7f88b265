import { describe, expect, test } from '@jest/globals';
import { declareHttpService, declareJob, declareWorker, defineTopology } from '@penstock/model';
import { natsClientsOf } from '../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import { type BrokerEnvironment, environments, type KubernetesEnvironment } from '../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../stacks/platform.ts';

const { dev, prod } = environments;
const { cluster } = prod.nats as { readonly cluster: BrokerEnvironment };
const withBroker = (change: Partial<BrokerEnvironment>): KubernetesEnvironment => ({
  ...prod,
  nats: { cluster: { ...cluster, ...change } as BrokerEnvironment },
});
const manifests = synthesizeKubernetes(platform, prod);
const find = (kind: string, name: string, all = manifests): Manifest =>
  all.find((each) => each.kind === kind && each.metadata.name === name) as Manifest;
const specOf = <Spec>(kind: string, name: string, all = manifests): Spec => find(kind, name, all)['spec'] as Spec;

interface Conf {
  readonly cluster: { readonly routes: readonly string[] };
  readonly accounts: {
    readonly mailroom: {
      readonly users: readonly {
        readonly nkey: string;
        readonly permissions: { readonly publish: { readonly allow: readonly string[] } };
      }[];
    };
  };
}

const { 'nats.conf': text } = find('ConfigMap', 'nats-config')['data'] as { readonly 'nats.conf': string };
const conf = JSON.parse(text.replaceAll(/(?<!")\$[A-Z_]+/g, '"variable"')) as Conf;
const mayPublish = (publicKey: string): readonly string[] =>
  conf.accounts.mailroom.users.find(({ nkey }) => nkey === publicKey)?.permissions.publish.allow ?? [];

describe('an environment with servers of its own', () => {
  test('lets a worker take, settle and bury, and put nothing into its own queue', () => {
    const subjects = mayPublish(cluster.clients['classify']?.publicKey ?? '');
    expect(subjects).toEqual(
      expect.arrayContaining([
        '$JS.API.CONSUMER.MSG.NEXT.MAILROOM_MAILS.classify',
        '$JS.ACK.MAILROOM_MAILS.classify.>',
        '$JS.ACK.*.*.MAILROOM_MAILS.classify.>',
        'mailroom.dead.mails.>',
      ]),
    );
    expect(subjects).not.toContain('mailroom.queue.mails');
  });

  test('lets a publisher put items into its queue, and take none', () => {
    const subjects = mayPublish(cluster.publishers?.[0]?.publicKey ?? '');
    expect(subjects).toContain('mailroom.queue.mails');
    expect(subjects.filter((subject) => /ACK|MSG\.NEXT|dead/.test(subject))).toEqual([]);
  });

  test('has a certificate for every name that a client or a server calls', () => {
    const { dnsNames } = specOf<{ readonly dnsNames: readonly string[] }>('Certificate', 'nats');
    const { servers } = specOf<{ readonly servers: readonly string[] }>('Account', 'mailroom');
    const called = [...servers, ...conf.cluster.routes].map((url) => new URL(url.replace('nats:', 'http:')).hostname);
    expect(called).toHaveLength(4);
    expect(called.filter((name) => !dnsNames.includes(name))).toEqual([]);
  });

  test('shows that certificate as a client too, since servers ask each other for it', () => {
    const { usages } = specOf<{ readonly usages: readonly string[] }>('Certificate', 'nats');
    expect(usages).toEqual(expect.arrayContaining(['server auth', 'client auth']));
  });

  test('gives worker and operator a seed of their own, and the same authority', () => {
    const keysOf = (name: string) =>
      specOf<{ readonly data: readonly { readonly remoteRef: { readonly key: string } }[] }>(
        'ExternalSecret',
        name,
      ).data.map(({ remoteRef }) => remoteRef.key);
    expect(keysOf('mailroom-classify-nats')).toEqual(['mailroom/nats/classify', 'internal-authority']);
    expect(keysOf('mailroom-nats-operator')).toEqual(['mailroom/nats/operator', 'internal-authority']);
  });

  test('mounts them where the address of the bus says that they are', () => {
    const deployment = JSON.stringify(find('Deployment', 'mailroom-classify'));
    expect(deployment).toContain('?nkey=/var/run/secrets/penstock/nats/seed&ca=/var/run/secrets/penstock/nats/ca.crt');
    expect(deployment).toContain('"mountPath":"/var/run/secrets/penstock/nats"');
    expect(deployment).toContain('"secretName":"mailroom-classify-nats"');
  });

  test('names the account that makes them in every stream and consumer', () => {
    const accounts = manifests
      .filter(({ kind }) => kind === 'Stream' || kind === 'Consumer')
      .map((each) => (each['spec'] as { readonly account?: string }).account);
    expect(accounts).toEqual(['mailroom', 'mailroom', 'mailroom']);
  });

  test('lets in the platform, the operator and the publisher, each by its namespace', () => {
    const { ingress } = specOf<{
      readonly ingress: readonly {
        readonly from: readonly [{ readonly namespaceSelector?: { readonly matchLabels: Record<string, string> } }];
        readonly ports: readonly [{ readonly port: number }];
      }[];
    }>('NetworkPolicy', 'nats');
    const clients = ingress
      .filter(({ ports }) => ports[0].port === 4222)
      .flatMap(({ from }) => Object.values(from[0].namespaceSelector?.matchLabels ?? {}));
    expect(clients).toEqual(['mailroom', 'nats', 'intake']);
  });

  test('has room for its pods and their volumes, and for one pod of whoever looks into it', () => {
    const servers = manifests.filter(({ metadata }) => metadata.namespace === 'mailroom-nats');
    expect(specOf<{ readonly hard: object }>('ResourceQuota', 'mailroom', servers).hard).toMatchObject({
      pods: 4,
      persistentvolumeclaims: 3,
      'requests.storage': '360Gi',
    });
  });

  test('rejects volumes that the streams do not fit into', () => {
    const small = withBroker({ storage: { storageClass: 'standard', size: '100 GiB' } });
    expect(() => synthesizeKubernetes(platform, small)).toThrow(/expected room for 100 GiB.*storage-too-small/);
  });

  test('rejects a workload that has no key, and a key of no workload', () => {
    expect(() => synthesizeKubernetes(platform, withBroker({ clients: {} }))).toThrow(/no key of workload classify/);
    const clients = { ...cluster.clients, clasify: { publicKey: 'U', seed: 's' } };
    expect(() => synthesizeKubernetes(platform, withBroker({ clients }))).toThrow(/no workload clasify/);
  });

  test('rejects a publisher to a queue that nobody declares', () => {
    const publishers = [{ namespace: 'intake', publicKey: 'U', queues: ['mail'] }];
    expect(() => synthesizeKubernetes(platform, withBroker({ publishers }))).toThrow(/no queue mail/);
  });
});

describe('an environment whose servers are there already', () => {
  const existing = synthesizeKubernetes(platform, dev);

  test('makes none, and tells the operator where they are', () => {
    expect(existing.filter(({ kind }) => kind === 'StatefulSet' || kind === 'ExternalSecret')).toEqual([]);
    expect(find('Account', 'mailroom', existing)['spec']).toEqual({
      name: 'mailroom',
      servers: ['nats://nats.nats.svc.cluster.local:4222'],
    });
  });
});

describe('the clients of a topology', () => {
  const shop = defineTopology({
    name: 'shop',
    queues: { orders: { arrivalRate: '10/s', peakRate: '100/s', doneWithin: '5 minutes' } },
    workers: {
      ship: {
        service: declareWorker({ name: 'shipper', payload: 'order.v1', calls: [] }),
        queue: 'orders',
        workTime: { mean: '1 second', p99: '3 seconds' },
      },
    },
    httpServices: {
      api: {
        service: declareHttpService({ name: 'front', calls: [], publishes: { orders: 'order.v1' } }),
        arrivalRate: '20/s',
        requestTime: { mean: '100 milliseconds', p99: '800 milliseconds' },
        requestsAtOnce: 10,
        doneWithin: '2 seconds',
        publishes: { orders: { queue: 'orders' } },
      },
      status: {
        service: declareHttpService({ name: 'status', calls: [], publishes: {} }),
        arrivalRate: '1/s',
        requestTime: { mean: '10 milliseconds', p99: '20 milliseconds' },
        requestsAtOnce: 10,
        doneWithin: '2 seconds',
      },
    },
    schedules: {
      sweep: {
        service: declareJob({ name: 'sweep', calls: [], publishes: { retries: 'order.v1' } }),
        cron: '*/10 * * * *',
        runTime: { mean: '1 minute', p99: '4 minutes' },
        publishes: { retries: { queue: 'orders', peakRate: '40/s' } },
      },
    },
  });

  test('are its operator, its workers and whatever publishes, each with the role it has on its queue', () => {
    const workloads = { ship: 'US', api: 'UA', sweep: 'UW' };
    const clients = natsClientsOf(shop, { operator: 'UO', workloads });
    const roles = clients.map(({ publicKey, grants }) => [publicKey, grants.map(({ role }) => role)]);
    expect(roles).toEqual([
      ['UO', ['provisioner']],
      ['US', ['consumer']],
      ['UA', ['publisher']],
      ['UW', ['publisher']],
    ]);
  });

  test('rejects a key of a workload that does nothing on any queue', () => {
    const workloads = { ship: 'US', api: 'UA', sweep: 'UW', status: 'UT' };
    expect(() => natsClientsOf(shop, { operator: 'UO', workloads })).toThrow(/no workload status.*reference-missing/);
  });
});
