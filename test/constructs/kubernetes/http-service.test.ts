import { beforeAll, describe, expect, test } from '@jest/globals';
import { httpServiceProfile, parseProfile } from '@penstock/model';
import { Chart, Testing } from 'cdk8s';
import { EdgeChart } from '../../../charts/edge.ts';
import { Binding } from '../../../constructs/binding.ts';
import { ConstructError } from '../../../constructs/errors.ts';
import { HttpService, type HttpServiceProps, WorkloadNetwork } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { engines, FOLLOWED, image, manifestsIn, NAMESPACE, nats, postgres, shop, specIn } from './shop.ts';

const fixed = shop();
const followed = shop({ api: FOLLOWED });

const props = (topology: typeof fixed, changes: Partial<HttpServiceProps> = {}): HttpServiceProps => ({
  context: { topology, workload: topology.httpServices.api, image },
  namespace: NAMESPACE,
  bus: nats.clientUrl,
  engines,
  reaches: [postgres],
  callers: [{ namespace: 'storefront', pods: { app: 'web' } }],
  ...changes,
});

const synthesize = (topology = fixed, changes: Partial<HttpServiceProps> = {}): readonly Manifest[] =>
  manifestsIn((chart) => {
    const service = new HttpService(chart, 'api', props(topology, changes));
    new WorkloadNetwork(chart, 'network', { workloads: [service], nats, monitoringNamespace: 'monitoring' });
  });

interface DeploymentSpec {
  readonly replicas?: number;
  readonly template: {
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly containers: readonly [
        {
          readonly env: readonly { readonly name: string; readonly value: string }[];
          readonly ports: unknown;
          readonly lifecycle: unknown;
          readonly startupProbe: { readonly periodSeconds: number; readonly failureThreshold: number };
          readonly readinessProbe: unknown;
          readonly livenessProbe: unknown;
        },
      ];
    };
  };
}
const deploymentOf = (manifests: readonly Manifest[]) => specIn<DeploymentSpec>(manifests, 'Deployment');
const environmentOf = (manifests: readonly Manifest[]) =>
  Object.fromEntries(
    deploymentOf(manifests).template.spec.containers[0].env.map(({ name, value }) => [name, value] as const),
  );
const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);

describe('a service that answers requests', () => {
  test('carries its peak warm where nothing follows the load: 800/s of 100 ms are 80 / 7 = 11.4, so 12', () => {
    expect(deploymentOf(synthesize()).replicas).toBe(12);
    expect(kinds(synthesize())).not.toContain('HorizontalPodAutoscaler');
  });

  test('leaves its replicas to the scaler where one follows the load', () => {
    expect(deploymentOf(synthesize(followed))).not.toHaveProperty('replicas');
    // 100/s, and 700/s more in 20 minutes: 35/s in the 60 s until a replica is there. 13.5 / 7 = 1.9.
    expect(specIn(synthesize(followed), 'HorizontalPodAutoscaler')).toMatchObject({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop-api' },
      minReplicas: 2,
      maxReplicas: 12,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
    });
  });

  test('lets its endpoint go, answers its longest request and has time left', () => {
    const { terminationGracePeriodSeconds, containers } = deploymentOf(synthesize()).template.spec;
    expect(containers[0].lifecycle).toEqual({ preStop: { sleep: { seconds: 3 } } });
    // 2 s at the longest: 5 s to drain, 5 s beside it.
    expect(terminationGracePeriodSeconds).toBe(10);
  });

  test('is asked on its ops port, apart from its requests', () => {
    const [container] = deploymentOf(synthesize()).template.spec.containers;
    expect(container.ports).toEqual([
      { name: 'http', containerPort: 8080 },
      { name: 'ops', containerPort: 9464 },
    ]);
    expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'ops' } });
    expect(container.livenessProbe).toMatchObject({ httpGet: { path: '/livez', port: 'ops' } });
    expect(container.startupProbe.periodSeconds * container.startupProbe.failureThreshold).toBe(30);
  });

  test('is told its numbers, its queue and its engine', () => {
    const { PENSTOCK_PROFILE, ...addresses } = environmentOf(synthesize());
    expect(parseProfile(PENSTOCK_PROFILE, fixed.httpServices.api.service)).toEqual(httpServiceProfile(fixed, 'api'));
    expect(addresses).toEqual({
      PENSTOCK_BUS: nats.clientUrl.lower(),
      PENSTOCK_ENGINE_RANKER: engines.ranker.lower(),
    });
  });

  test('never loses two replicas to a drain', () => {
    expect(specIn(synthesize(), 'PodDisruptionBudget')).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });

  test('hears its callers and the scraper, and reaches its broker and its database', () => {
    const { ingress, egress } = specIn<{ readonly ingress: readonly unknown[]; readonly egress: readonly unknown[] }>(
      synthesize(),
      'NetworkPolicy',
    );
    expect(ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ port: 9464, protocol: 'TCP' }],
      },
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'storefront' } },
            podSelector: { matchLabels: { app: 'web' } },
          },
        ],
        ports: [{ port: 8080, protocol: 'TCP' }],
      },
    ]);
    expect(egress).toHaveLength(2);
    expect(JSON.stringify(egress)).toContain('4222');
    expect(JSON.stringify(egress)).toContain('5432');
  });

  test('is let through the gateway as an engine is, until its own promise is over', () => {
    const app = Testing.app();
    const server = new HttpService(new Chart(app, 'services', { namespace: NAMESPACE }), 'api', props(fixed));
    const manifests = Testing.synth(
      new EdgeChart(app, 'edge', {
        topology: fixed,
        namespace: NAMESPACE,
        className: 'cilium',
        issuer: { kind: 'ClusterIssuer', name: 'letsencrypt' },
        dataPlaneNamespace: 'gateway-system',
        servers: [{ server, hostname: Binding.of('api.example.com'), match: { protocol: 'http', paths: ['/orders'] } }],
      }),
    ) as Manifest[];
    const route = manifests.find(({ kind, metadata }) => kind === 'HTTPRoute' && metadata.name === 'shop-api');
    expect(route?.['spec']).toMatchObject({
      hostnames: ['api.example.com'],
      rules: [{ timeouts: { request: '2s' }, backendRefs: [{ name: 'shop-api', port: 8080 }] }],
    });
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('rejects a queue without a bus to reach it by', () => {
    const { bus: _, ...rest } = props(fixed);
    const make = () => manifestsIn((chart) => new HttpService(chart, 'api', rest));
    expect(make).toThrow(/httpServices.api: no bus for the queue it publishes to as orders/);
  });

  test('rejects a role without an address', () => {
    let error: unknown;
    try {
      synthesize(fixed, { engines: {} });
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'reference-missing')).toBe(true);
  });

  test('rejects a cooldown that no scaler can wait for', () => {
    const slow = shop({ api: { ...FOLLOWED, coldStart: '31 minutes', peakWithin: '90 minutes' } as const });
    expect(() => synthesize(slow)).toThrow(/httpServices.api.cooldown.*3600 s.*window-too-long/);
  });

  test.each([
    ['of a fixed size', fixed],
    ['that is scaled', followed],
  ])('%s holds every rule', (_title, topology) => {
    expect(checkManifests(synthesize(topology))).toEqual([]);
  });
});

describeWith(realData, 'the schemas of the API server', () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  test.each([
    ['of a fixed size', fixed],
    ['that is scaled', followed],
  ])('take every object of a service %s', (_title, topology) => {
    expect(synthesize(topology).flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
