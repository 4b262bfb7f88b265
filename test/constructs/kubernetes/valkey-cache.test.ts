import { describe, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../../constructs/binding.ts';
import { ConstructError } from '../../../constructs/errors.ts';
import { ImageReference, ValkeyCache, type ValkeyCacheProps } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { SecretReference } from '../../../constructs/secret-reference.ts';
import { teardownBlocks } from '../../../constructs/teardown.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

const size = (text: `${number} GiB`) => Bytes.parse(text);
const image = (name: string) => ImageReference.parse(`registry.example.com/${name}@sha256:${'a'.repeat(64)}`);
const password = (key: string) => SecretReference.inStore({ key: Binding.of(key) });

const common = {
  name: 'ranks',
  namespace: 'data',
  images: { server: image('valkey'), exporter: image('redis_exporter') },
  resources: { cpu: 1, memory: size('4 GiB') },
  users: {
    reranker: { password: password('ranks/reranker'), keys: ['rerank:*'], access: 'read-write' },
    dashboard: { password: password('ranks/dashboard'), keys: ['rerank:*', 'stats:*'], access: 'read' },
  },
  store: { name: 'vault', kind: 'ClusterSecretStore' },
  tlsSecret: 'ranks-tls',
  clientNamespaces: ['shop'],
} as const;
const { tlsSecret: _, ...plain } = common;

const cache = { ...common, mode: 'cache', servers: 3 } as const satisfies ValkeyCacheProps;
const durable = {
  ...common,
  mode: 'durable',
  durability: 'fsync',
  storage: { storageClass: 'fast', size: size('8 GiB') },
} as const satisfies ValkeyCacheProps;

function synthesize(props: ValkeyCacheProps): readonly Manifest[] {
  const chart = new Chart(new App(), 'data');
  new ValkeyCache(chart, 'valkey', props);
  return chart.toJson() as Manifest[];
}

const VARIANTS: Readonly<Record<string, readonly Manifest[]>> = {
  'a cache of three': synthesize(cache),
  'a cache of one': synthesize({ ...cache, servers: 1 }),
  'a cache without encryption': synthesize({ ...plain, mode: 'cache', servers: 3 }),
  'no exporter': synthesize({ ...cache, images: { server: cache.images.server } }),
  'a log written at once': synthesize(durable),
  'a log written every second': synthesize({ ...durable, durability: 'every-second' }),
};

const found = <Spec>(kind: string, manifests: readonly Manifest[]) =>
  manifests.find((each) => each.kind === kind) as Manifest & { readonly spec: Spec };
const settingsOf = (props: ValkeyCacheProps) => {
  const { data } = found('ConfigMap', synthesize(props)) as unknown as { readonly data: { 'valkey.conf': string } };
  return Object.fromEntries(
    data['valkey.conf']
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  );
};

interface SetSpec {
  readonly replicas: number;
  readonly volumeClaimTemplates?: readonly unknown[];
  readonly persistentVolumeClaimRetentionPolicy?: object;
  readonly template: {
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
    readonly spec: {
      readonly volumes: readonly { readonly name: string }[];
      readonly containers: readonly {
        readonly name: string;
        readonly args?: readonly string[];
        readonly livenessProbe: { readonly exec: { readonly command: readonly string[] } };
        readonly readinessProbe: { readonly exec: { readonly command: readonly string[] } };
      }[];
    };
  };
}
const setOf = (props: ValkeyCacheProps) => found<SetSpec>('StatefulSet', synthesize(props)).spec;
const usersFileOf = (props: ValkeyCacheProps) =>
  found<{ target: { template: { data: { 'users.acl': string } } }; data: unknown }>('ExternalSecret', synthesize(props))
    .spec;

describe('Valkey', () => {
  test.each(Object.entries(VARIANTS))('as %s holds every rule', (_name, manifests) => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('as a cache forgets what was used least lately, from three quarters of its memory on, and writes nothing', () => {
    expect(settingsOf(cache)).toMatchObject({
      maxmemory: String(size('3 GiB').bytes),
      'maxmemory-policy': 'allkeys-lru',
      appendonly: 'no',
      save: '""',
    });
    expect(setOf(cache).volumeClaimTemplates).toBeUndefined();
  });

  test('that is durable refuses to write when it is full, at half of its memory, and logs on a claim that stays', () => {
    expect(settingsOf(durable)).toMatchObject({
      maxmemory: String(size('2 GiB').bytes),
      'maxmemory-policy': 'noeviction',
      appendonly: 'yes',
      'no-appendfsync-on-rewrite': 'no',
    });
    expect(setOf(durable).volumeClaimTemplates).toHaveLength(1);
    expect(setOf(durable).persistentVolumeClaimRetentionPolicy).toEqual({
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });
  });

  test.each([
    ['fsync', 'always'],
    ['every-second', 'everysec'],
  ] as const)('that promises %s has its log on the disk %s', (durability, appendfsync) => {
    expect(settingsOf({ ...durable, durability })['appendfsync']).toBe(appendfsync);
  });

  test('that is durable is one server: no replica has what the primary has answered', () => {
    expect(setOf(durable).replicas).toBe(1);
    // @ts-expect-error replication is asynchronous: an answered write is not on the other side yet
    expect({ ...durable, durability: 'replicated' } satisfies ValkeyCacheProps).toBeDefined();
    // @ts-expect-error servers that do not know each other have no log in common
    expect({ ...durable, servers: 3 } satisfies ValkeyCacheProps).toBeDefined();
  });

  test('rejects a volume that a log written anew would fill', () => {
    let error: unknown;
    try {
      synthesize({ ...durable, storage: { storageClass: 'fast', size: size('7 GiB') } });
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'resources-too-small')).toBe(true);
  });

  test('closes its default user, and gives each of its own only its keys and no command on the whole server', () => {
    const users = usersFileOf(cache).target.template.data['users.acl'].split('\n');
    expect(users[0]).toBe('user default off resetpass resetkeys resetchannels -@all');
    expect(users).toContainEqual(
      'user dashboard on #{{ index . "dashboard" | trim | sha256sum }} resetkeys ~rerank:* ~stats:* resetchannels -@all +@read +@connection -@admin -@dangerous -scan -randomkey -dbsize +info',
    );
    for (const user of users.slice(1, -1)) expect(user).not.toMatch(/\+@(all|admin|dangerous)|~\*/);
  });

  test('names the passwords and has none: what reaches the cluster is what they hash to', () => {
    expect(usersFileOf(cache).data).toEqual([
      { secretKey: 'reranker', remoteRef: { key: 'ranks/reranker' } },
      { secretKey: 'dashboard', remoteRef: { key: 'ranks/dashboard' } },
    ]);
  });

  test('leaves no name for the default user', () => {
    // @ts-expect-error that user is closed
    const props: ValkeyCacheProps['users'] = { default: { ...common.users.reranker } };
    expect(props).toBeDefined();
  });

  test('with TLS closes the plain port', () => {
    expect(settingsOf(cache)).toMatchObject({ port: '0', 'tls-port': '6379', 'tls-auth-clients': 'no' });
    expect(settingsOf({ ...plain, mode: 'cache', servers: 3 })).toMatchObject({ port: '6379' });
  });

  test('is alive while it reads its log, and not ready', () => {
    const [{ livenessProbe, readinessProbe } = never()] = setOf(durable).template.spec.containers;
    expect(readinessProbe.exec.command.at(-1)).toMatch(/ -e ping$/);
    expect(livenessProbe.exec.command.at(-1)).not.toContain(' -e ');
  });

  test('rolls out when its configuration or its users change', () => {
    const fingerprint = (props: ValkeyCacheProps) =>
      setOf(props).template.metadata.annotations['penstock.dev/config-fingerprint'];
    expect(fingerprint({ ...durable, durability: 'every-second' })).not.toBe(fingerprint(durable));
    expect(fingerprint({ ...cache, users: { reranker: common.users.reranker } })).not.toBe(fingerprint(cache));
  });

  test('lets in clients and, where something is measured, the scraper; it calls nobody', () => {
    interface Flows {
      readonly ingress: readonly { readonly ports: readonly { readonly port: number }[] }[];
      readonly policyTypes: readonly string[];
      readonly egress?: unknown;
    }
    const { ingress, policyTypes, egress } = found<Flows>('NetworkPolicy', synthesize(cache)).spec;
    expect(ingress.map(({ ports }) => ports[0]?.port)).toEqual([6379, 9121]);
    expect([policyTypes, egress]).toEqual([['Ingress', 'Egress'], undefined]);
    const alone = found<Flows>('NetworkPolicy', VARIANTS['no exporter'] as readonly Manifest[]).spec;
    expect(alone.ingress).toHaveLength(1);
  });

  test('tells its clients every server by name, in an order that does not change', () => {
    const { service } = new ValkeyCache(new Chart(new App(), 'data'), 'valkey', cache);
    expect(service.serverUrls.map((url) => url.lower())).toEqual(
      [0, 1, 2].map((n) => `rediss://ranks-${n}.ranks.data.svc.cluster.local:6379`),
    );
  });

  test('leaves its claim behind where it is durable, and nothing where it is a cache', () => {
    expect(teardownBlocks(synthesize(durable)).map(({ effect }) => effect)).toEqual(['stays']);
    expect(teardownBlocks(synthesize(cache))).toEqual([]);
  });
});

function never(): never {
  throw new Error('no container');
}

describeWith(realData, 'the API server takes Valkey', () => {
  const schemas = new ApiSchemas();
  test.each(Object.entries(VARIANTS))('as %s, without a field that it does not know', (_name, manifests) => {
    expect(manifests.flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
