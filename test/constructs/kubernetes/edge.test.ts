import { beforeAll, describe, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import { Chart, Testing } from 'cdk8s';
import { EdgeChart } from '../../../charts/edge.ts';
import { Binding } from '../../../constructs/binding.ts';
import {
  EffectVolume,
  ImageReference,
  InferenceServer,
  type RouteMatch,
  SecretStore,
  SyncedSecret,
  Weights,
  Worker,
} from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { SecretReference } from '../../../constructs/secret-reference.ts';
import { environments } from '../../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

const image = ImageReference.parse('registry.example.com/a:1.0.0');
const namespace = 'mailroom';
const { embedder } = platform.engines;

function edge(match: RouteMatch): readonly Manifest[] {
  const app = Testing.app();
  const server = new InferenceServer(new Chart(app, 'engines', { namespace }), 'embedder', {
    context: { topology: platform, workload: embedder, image },
    namespace,
    weights: Weights.image(image),
  });
  return Testing.synth(
    new EdgeChart(app, 'edge', {
      topology: platform,
      namespace,
      className: 'cilium',
      issuer: { kind: 'ClusterIssuer', name: 'letsencrypt' },
      dataPlaneNamespace: 'gateway-system',
      servers: [{ server, hostname: Binding.of('embed.example.com'), match }],
    }),
  ) as Manifest[];
}

const http = edge({ protocol: 'http', paths: ['/v1/embeddings'] });
const grpc = edge({ protocol: 'grpc', services: ['inference.GRPCInferenceService'] });
const specOf = (manifests: readonly Manifest[], kind: string, name: string) =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name)?.['spec'];

describe('the way in from outside', () => {
  test('terminates TLS with the certificate that is asked for', () => {
    const certificate = specOf(http, 'Certificate', 'mailroom-gateway') as { secretName: string; dnsNames: string[] };
    expect(certificate).toMatchObject({
      dnsNames: ['embed.example.com'],
      issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'letsencrypt' },
      privateKey: { rotationPolicy: 'Always' },
    });
    expect(specOf(http, 'Gateway', 'mailroom')).toMatchObject({
      gatewayClassName: 'cilium',
      listeners: [
        { name: 'http', port: 80 },
        { name: 'https', tls: { mode: 'Terminate', certificateRefs: [{ name: certificate.secretName }] } },
      ],
    });
  });

  test('lets routes of its own namespace attach and no others', () => {
    const { listeners } = specOf(http, 'Gateway', 'mailroom') as { listeners: { allowedRoutes: unknown }[] };
    for (const { allowedRoutes } of listeners) expect(allowedRoutes).toEqual({ namespaces: { from: 'Same' } });
  });

  test('sends plain HTTP to TLS and serves nothing over it', () => {
    expect(specOf(http, 'HTTPRoute', 'mailroom-redirect')).toMatchObject({
      parentRefs: [{ sectionName: 'http' }],
      rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] }],
    });
  });

  test('lets a request last as long as the engine promises, on the paths that were named', () => {
    expect(specOf(http, 'HTTPRoute', embedder.name)).toEqual({
      parentRefs: [{ name: 'mailroom', sectionName: 'https' }],
      hostnames: ['embed.example.com'],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/v1/embeddings' } }],
          timeouts: { request: '1s' },
          backendRefs: [{ name: embedder.name, port: 8080 }],
        },
      ],
    });
  });

  test('routes gRPC by its services', () => {
    expect(specOf(grpc, 'GRPCRoute', embedder.name)).toMatchObject({
      rules: [{ matches: [{ method: { type: 'Exact', service: 'inference.GRPCInferenceService' } }] }],
    });
  });

  test('opens the engine for the pods of the gateway, which the default deny would stop', () => {
    expect(specOf(http, 'NetworkPolicy', `${embedder.name}-gateway`)).toMatchObject({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'embedder' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateway-system' } } }],
          ports: [{ port: 8080, protocol: 'TCP' }],
        },
      ],
    });
  });

  test('breaks no policy', () => {
    expect(checkManifests([...http])).toEqual([]);
    expect(checkManifests([...grpc])).toEqual([]);
  });
});

function secrets(backend: ConstructorParameters<typeof SecretStore>[2]['backend']): readonly Manifest[] {
  const chart = new Chart(Testing.app(), 'secrets', { namespace });
  const store = new SecretStore(chart, 'store', { topology: platform, backend });
  const tokens = new SyncedSecret(chart, 'tokens', {
    topology: platform,
    name: 'tokens',
    store: store.reference,
    files: {
      'hub-token': SecretReference.inStore({ key: Binding.of('mailroom/hub'), property: 'token', version: '7' }),
      'nats.creds': SecretReference.inStore({ key: Binding.of('mailroom/nats') }),
    },
  });
  const context = { topology: platform, workload: platform.workers.classify, image };
  new Worker(chart, 'classify', {
    context,
    bus: Binding.of('nats://nats:4222'),
    effects: new EffectVolume(chart, 'effects', { context, size: Bytes.parse('1 GiB'), storageClass: 'standard' }),
    engines: { embedder: Binding.of('http://embedder:8080') },
    secrets: [tokens],
  });
  return Testing.synth(chart) as Manifest[];
}

const aws = secrets({
  cloud: 'aws',
  region: Binding.of('eu-central-1'),
  role: Binding.of('arn:aws:iam::1:role/reader'),
});
const gcp = secrets({
  cloud: 'gcp',
  project: Binding.of('project'),
  clusterLocation: Binding.of('europe-west4'),
  clusterName: Binding.of('main'),
  account: Binding.of('reader@project.iam.gserviceaccount.com'),
});

describe('a platform whose environment names an edge', () => {
  const { prod } = environments;
  const edgeOf = (engine: string) => ({
    className: 'cilium',
    issuer: { kind: 'ClusterIssuer', name: 'letsencrypt' } as const,
    dataPlaneNamespace: 'gateway-system',
    servers: { [engine]: { hostname: 'embed.example.com', match: { protocol: 'http', paths: ['/v1'] } } } as const,
  });

  test('has its gateway and its routes, and breaks no policy', () => {
    const manifests = synthesizeKubernetes(platform, { ...prod, edge: edgeOf('embedder') });
    expect(manifests.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Gateway', 'Certificate', 'HTTPRoute']));
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('rejects an edge to an engine that is not declared', () => {
    const attempt = () => synthesizeKubernetes(platform, { ...prod, edge: edgeOf('embeder') });
    expect(attempt).toThrow(/environment prod: no engine or service "embeder".*reference-missing/);
  });
});

describe('secrets', () => {
  test('are named by where they are kept, each as a file', () => {
    expect(specOf(aws, 'ExternalSecret', 'mailroom-tokens')).toMatchObject({
      refreshInterval: '3600s',
      secretStoreRef: { kind: 'SecretStore', name: 'mailroom-secrets' },
      target: { name: 'mailroom-tokens', deletionPolicy: 'Retain' },
      data: [
        { secretKey: 'hub-token', remoteRef: { key: 'mailroom/hub', property: 'token', version: '7' } },
        { secretKey: 'nats.creds', remoteRef: { key: 'mailroom/nats' } },
      ],
    });
  });

  test('reach the pod as read-only files and not as variables', () => {
    const { template } = specOf(aws, 'Deployment', 'mailroom-classify') as {
      template: { spec: { containers: [{ volumeMounts: unknown[]; env: unknown }]; volumes: unknown[] } };
    };
    expect(template.spec.volumes).toContainEqual({
      name: 'tokens',
      secret: { secretName: 'mailroom-tokens', defaultMode: 0o440 },
    });
    const [container] = template.spec.containers;
    expect(container.volumeMounts).toContainEqual({
      name: 'tokens',
      mountPath: '/var/run/secrets/penstock/tokens',
      readOnly: true,
    });
    expect(JSON.stringify(container.env)).not.toContain('tokens');
  });

  test.each([
    ['AWS', aws, 'eks.amazonaws.com/role-arn', 'arn:aws:iam::1:role/reader'],
    ['Google Cloud', gcp, 'iam.gke.io/gcp-service-account', 'reader@project.iam.gserviceaccount.com'],
  ] as const)(
    'are read on %s by the identity of a service account, with no secret to begin with',
    (_, manifests, key, value) => {
      const account = manifests.find(
        ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === 'mailroom-secrets',
      );
      expect(account?.metadata.annotations?.[key]).toBe(value);
      const store = JSON.stringify(specOf(manifests, 'SecretStore', 'mailroom-secrets'));
      expect(store).toContain('"serviceAccountRef":{"name":"mailroom-secrets"}');
      expect(store).not.toContain('secretRef"');
    },
  );

  test('rejects a property that names nothing', () => {
    expect(() => SecretReference.inStore({ key: Binding.of('a'), property: '' })).toThrow(/reference-missing/);
  });
});

describeWith(realData, 'the schemas of Gateway API, cert-manager and External Secrets', () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  test.each(
    [...http, ...grpc, ...aws, ...gcp].map(
      (manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const,
    ),
  )('take %s', (_, manifest) => {
    expect(schemas.faultsOf(manifest)).toEqual([]);
  });
});
