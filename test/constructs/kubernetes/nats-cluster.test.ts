import { describe, expect, test } from '@jest/globals';
import { Bytes, queueProfile } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { ImageReference, NatsCluster, type NatsClusterProps } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { platform } from '../../../stacks/platform.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

const queue = queueProfile(platform.queues.mails, platform.workers.classify);
const image = (name: string) => ImageReference.parse(`registry.example.com/${name}@sha256:${'a'.repeat(64)}`);

const props = {
  namespace: 'nats',
  account: 'mailroom',
  servers: 3,
  durability: 'replicated',
  clients: [
    { publicKey: 'UCONSUMER', grants: [{ role: 'consumer', queue }] },
    { publicKey: 'UPROVISIONER', grants: [{ role: 'provisioner' }] },
  ],
  images: { server: image('nats'), exporter: image('prometheus-nats-exporter') },
  storage: { storageClass: 'standard', size: Bytes.parse('100 GiB') },
  resources: { cpu: 1, memory: Bytes.parse('2 GiB') },
  tls: { secret: 'nats-tls', reloader: image('nats-server-config-reloader') },
  clientNamespaces: ['mailroom'],
} as const satisfies NatsClusterProps;

function synthesize(change: Partial<NatsClusterProps> = {}): readonly Manifest[] {
  const chart = new Chart(new App(), 'nats');
  new NatsCluster(chart, 'nats', { ...props, ...change } as NatsClusterProps);
  return chart.toJson() as Manifest[];
}

const textOf = (manifests: readonly Manifest[]): string => {
  const map = manifests.find(({ kind }) => kind === 'ConfigMap') as Manifest;
  return (map['data'] as { readonly 'nats.conf': string })['nats.conf'];
};

const setOf = (manifests: readonly Manifest[]) =>
  manifests.find(({ kind }) => kind === 'StatefulSet')?.['spec'] as {
    readonly replicas: number;
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly [
          {
            readonly env: readonly { readonly name: string; readonly value?: string }[];
            readonly startupProbe: { readonly periodSeconds: number; readonly failureThreshold: number };
          },
        ];
      };
    };
  };

describe('a NATS cluster', () => {
  test('holds every rule', () => {
    expect(checkManifests(synthesize())).toEqual([]);
  });

  test.each(['fsync', 'replicated'] as const)('rejects one server that is to be %s', (durability) => {
    expect(() => synthesize({ servers: 1, durability } as never)).toThrow('durability-unavailable');
  });

  test('has one server without routes where nothing has to last', () => {
    const manifests = synthesize({ servers: 1, durability: 'best-effort' });
    expect(setOf(manifests).replicas).toBe(1);
    expect(textOf(manifests)).not.toContain('routes');
    expect(textOf(manifests)).not.toContain('unique_tag');
  });

  test.each([
    ['fsync', 'always'],
    ['replicated', '10s'],
    ['best-effort', '2m'],
  ] as const)('that is %s writes to its disk %s', (durability, interval) => {
    expect(textOf(synthesize({ durability }))).toContain(`"sync_interval": "${interval}"`);
  });

  test('names its servers after their pods, and finds them by those names', () => {
    const text = textOf(synthesize());
    expect(text).toContain('"server_name": $SERVER_NAME');
    for (const n of [0, 1, 2]) expect(text).toContain(`nats://nats-${n}.nats-headless:6222`);
  });

  test('puts the copies of a stream into different zones', () => {
    const text = textOf(synthesize());
    expect(text).toContain('"unique_tag": "az"');
    expect(text).toContain('$ZONE_TAG');
    const [server] = setOf(synthesize()).template.spec.containers;
    expect(server.env).toContainEqual({ name: 'ZONE_TAG', value: 'az:$(ZONE)' });
  });

  test('collects garbage before it meets its memory limit', () => {
    const [server] = setOf(synthesize()).template.spec.containers;
    expect(server.env).toContainEqual({ name: 'GOMEMLIMIT', value: '1638MiB' });
  });

  test('has a quarter of an hour to recover its store', () => {
    const { periodSeconds, failureThreshold } = setOf(synthesize()).template.spec.containers[0].startupProbe;
    expect(periodSeconds * failureThreshold).toBe(900);
  });

  test('rolls out when its configuration changes', () => {
    const fingerprint = (change: Partial<NatsClusterProps>) =>
      setOf(synthesize(change)).template.metadata.annotations['penstock.dev/config-fingerprint'];
    expect(fingerprint({ durability: 'fsync' })).not.toBe(fingerprint({}));
  });

  test('lets in clients, itself, the scaler and the scraper, each on its own port', () => {
    const policy = synthesize().find(({ kind }) => kind === 'NetworkPolicy')?.['spec'] as {
      readonly ingress: readonly { readonly ports: readonly [{ readonly port: number }] }[];
    };
    expect(policy.ingress.map(({ ports }) => ports[0].port)).toEqual([4222, 6222, 8222, 7777]);
  });

  test('tells the platform where it is, by the account of the streams', () => {
    const { service } = new NatsCluster(new Chart(new App(), 'nats'), 'nats', props);
    expect(service.monitoringEndpoint.lower()).toBe('nats-headless.nats.svc.cluster.local:8222');
    expect(service.account).toBe('mailroom');
  });
});

describeWith(realData, 'the API server takes a NATS cluster', () => {
  test('without a field that it does not know', () => {
    const schemas = new ApiSchemas();
    expect(synthesize().flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
