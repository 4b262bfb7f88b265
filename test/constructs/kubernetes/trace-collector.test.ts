import { describe, expect, test } from '@jest/globals';
import { Rate, traceLoad } from '@penstock/model';
import { parse } from 'yaml';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import {
  environments,
  type KubernetesEnvironment,
  type TracesEnvironment,
} from '../../../stacks/environments/index.ts';
import { platformApp } from '../../../stacks/kubernetes/platform-app.ts';
import { platform } from '../../../stacks/platform.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

const TEMPO: TracesEnvironment = {
  image: 'registry.example.com/otel/opentelemetry-collector-contrib:0.159.0',
  kept: '6/s',
  backend: { kind: 'otlp', endpoint: 'http://tempo.tracing.svc.cluster.local:4318' },
  reaches: [
    {
      peer: { namespace: 'tracing', pods: { 'app.kubernetes.io/name': 'tempo' } },
      ports: [{ port: 4318, protocol: 'TCP' }],
    },
  ],
};

function synthesize(traces: TracesEnvironment): readonly Manifest[] {
  const environment: KubernetesEnvironment = { ...environments.prod, traces };
  return platformApp(platform, environment).charts.flatMap((chart) => chart.toJson() as Manifest[]);
}

const manifests = synthesize(TEMPO);
const found = (kind: string, name: string, of = manifests) =>
  of.find(
    (each) => each.kind === kind && each.metadata.name === name && each.metadata.namespace === 'mailroom',
  ) as Manifest;
const configOf = (of: readonly Manifest[]) =>
  parse((found('ConfigMap', 'mailroom-traces-config', of)['data'] as Record<string, string>)['config.yaml'] as string);
const load = traceLoad(platform, Rate.parse('6/s'));

describe('a platform whose traces are kept', () => {
  test('breaks no policy', () => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('tells every process of its own where spans go, and lets it out to there and nowhere else', () => {
    for (const name of ['mailroom-classify', 'mailroom-embedder']) {
      const endpoint = 'http://mailroom-traces.mailroom.svc.cluster.local:4318';
      expect(JSON.stringify(found('Deployment', name))).toContain(
        JSON.stringify({ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: endpoint }),
      );
      const { egress } = found('NetworkPolicy', name)['spec'] as { readonly egress: readonly unknown[] };
      expect(egress).toContainEqual({
        to: [
          {
            podSelector: {
              matchLabels: { 'app.kubernetes.io/name': 'mailroom-traces', 'app.kubernetes.io/part-of': 'mailroom' },
            },
          },
        ],
        ports: [{ port: 4318, protocol: 'TCP' }],
      });
    }
  });

  test('lets to the collector who sends and who scrapes, and the collector to itself and to who keeps traces', () => {
    const { ingress, egress } = found('NetworkPolicy', 'mailroom-traces')['spec'] as Readonly<
      Record<'ingress' | 'egress', readonly { readonly ports: readonly { readonly port: number }[] }[]>
    >;
    expect(ingress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[4318], [4318], [8888], [4319]]);
    expect(egress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[4318], [4319]]);
    expect(JSON.stringify(ingress)).toMatch(/"classify".*"embedder"|"embedder".*"classify"/);
  });

  test('has room for its collector in its quota', () => {
    const podsOf = (of: readonly Manifest[]) =>
      (found('ResourceQuota', 'mailroom', of)['spec'] as { readonly hard: { readonly pods: number } }).hard.pods;
    const { traces: _none, ...without } = { ...environments.prod, traces: TEMPO };
    const bare = platformApp(platform, without).charts.flatMap((chart) => chart.toJson() as Manifest[]);
    expect(podsOf(manifests)).toBe(podsOf(bare) + 2 * load.replicas + 1);
  });

  test('is told of a collector that is gone and of spans that are lost', () => {
    const rules = JSON.stringify(found('PrometheusRule', 'mailroom'));
    expect(rules).toContain('PenstockTracesMissing');
    expect(rules).toContain('PenstockSpansLost');
  });
});

describe('the configuration of the collector', () => {
  const config = configOf(manifests);

  test('bounds what it holds below the limit of its pod, and what waits for the back end', () => {
    const mebibytes = load.resources.memory.bytes / 1_048_576;
    expect(config.processors.memory_limiter.limit_mib).toBe(Math.floor(mebibytes * 0.8));
    expect(config.exporters.otlp_http.sending_queue).toMatchObject({ sizer: 'items', queue_size: load.spansQueued });
  });

  test('keeps what failed, what was late and what was slower than declared, and of the rest the derived share', () => {
    const { policies, decision_wait: wait } = config.processors.tail_sampling;
    expect(policies.map(({ name }: { readonly name: string }) => name)).toEqual([
      'failed',
      'late',
      'slow-classify',
      'share-of-the-rest',
    ]);
    expect(policies[2].and.and_sub_policy[1].latency).toEqual({ threshold_ms: 1_000 });
    // 6 of 120 traces a second.
    expect(policies[3].probabilistic).toEqual({ sampling_percentage: 5 });
    expect(wait).toBe('4s');
  });

  test('sends every trace to the replica that its id falls to, before anything is decided', () => {
    expect(config.exporters.load_balancing).toMatchObject({
      routing_key: 'traceID',
      resolver: { dns: { hostname: 'mailroom-traces-peers.mailroom.svc.cluster.local', port: '4319' } },
    });
    expect(config.service.pipelines['traces/receive'].exporters).toEqual(['load_balancing']);
    expect(config.service.pipelines['traces/decide'].receivers).toEqual(['otlp/peers']);
  });

  test('signs what goes to X-Ray, and says to Cloud Trace which project it is for', () => {
    const xray = configOf(
      synthesize({
        ...TEMPO,
        backend: {
          kind: 'x-ray',
          endpoint: 'https://xray.eu-central-1.amazonaws.com/v1/traces',
          region: 'eu-central-1',
        },
      }),
    );
    expect(xray.extensions.sigv4auth).toEqual({ region: 'eu-central-1', service: 'xray' });
    expect(xray.exporters.otlp_http).toMatchObject({
      traces_endpoint: 'https://xray.eu-central-1.amazonaws.com/v1/traces',
      auth: { authenticator: 'sigv4auth' },
    });
    const google = configOf(synthesize({ ...TEMPO, backend: { kind: 'cloud-trace', project: 'mailroom-prod' } }));
    expect(google.exporters.otlp_http.traces_endpoint).toBe('https://telemetry.googleapis.com/v1/traces');
    expect(google.extensions.googleclientauth).toEqual({ project: 'mailroom-prod' });
    expect(google.processors.resource.attributes).toContainEqual({
      key: 'gcp.project_id',
      value: 'mailroom-prod',
      action: 'upsert',
    });
    expect(config.extensions).toEqual({ health_check: { endpoint: '0.0.0.0:13133' } });
  });
});

describeWith(realData, 'the schemas of the API server', () => {
  test('take every object of the collector', () => {
    const schemas = new ApiSchemas();
    const objects = manifests.filter(({ metadata }) => metadata.name.startsWith('mailroom-traces'));
    expect(objects).toHaveLength(7);
    expect(objects.flatMap((each) => schemas.faultsOf(each).map((fault) => `${each.kind} ${fault}`))).toEqual([]);
  });
});
