import { Rate, traceLoad } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../../../constructs/binding.ts';
import { ImageReference, TraceCollector, TraceService } from '../../../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../../../constructs/policies/index.ts';
import { platform } from '../../../../stacks/platform.ts';
import { type CaseSet, casesOf } from './case.ts';

function collector(): readonly Manifest[] {
  const chart = new Chart(new App(), 'traces', { namespace: 'mailroom' });
  new TraceCollector(chart, 'traces', {
    topology: platform,
    service: new TraceService(platform, 'mailroom'),
    load: traceLoad(platform, Rate.parse('5/s')),
    image: ImageReference.parse('registry.example.com/otel/opentelemetry-collector-contrib:0.159.0'),
    backend: { kind: 'otlp', endpoint: Binding.of('http://tempo.tracing.svc.cluster.local:4318') },
    reaches: [
      {
        peer: { namespace: 'tracing', pods: { 'app.kubernetes.io/name': 'tempo' } },
        ports: [{ port: 4318, protocol: 'TCP' }],
      },
    ],
    senders: [],
    environment: 'prod',
  });
  return chart.toJson() as Manifest[];
}

const compliant = collector();
const { broken } = casesOf(compliant);
const CONFIG = ['ConfigMap', 'mailroom-traces-config'] as const;
const FILE = ['data', 'config.yaml'];
const { data } = compliant.find(({ kind }) => kind === 'ConfigMap') as Manifest & {
  readonly data: { readonly 'config.yaml': string };
};
const text = data['config.yaml'];
const written = (title: string, from: RegExp, to: string, message: RegExp) =>
  broken('trace-collector-bounded', title, CONFIG, FILE, text.replace(from, to), message);

export const traceCases: CaseSet = {
  name: 'a collector of traces',
  compliant,
  cases: [
    broken(
      'trace-collector-bounded',
      'an end without time to send',
      ['Deployment', 'mailroom-traces'],
      'spec.template.spec.terminationGracePeriodSeconds',
      12,
      /is ended after 12 s, expected 18/,
    ),
    broken(
      'trace-collector-bounded',
      'a configuration from elsewhere',
      CONFIG,
      'metadata.name',
      'other',
      /in no ConfigMap beside it/,
    ),
    written(
      'a pipeline that takes whatever comes',
      /- memory_limiter\n(\s+)- tail_sampling/,
      '- tail_sampling',
      /traces\/decide does not begin with memory_limiter/,
    ),
    written(
      'no processors at all',
      /processors:\n\s+- memory_limiter\n(?=\s+exporters:\n\s+- load)/,
      '',
      /traces\/receive/,
    ),
    written('spans up to the limit', /limit_mib: \d+/, 'limit_mib: 9000', /takes spans up to 9437184000/),
    written('replicas that see parts', /- load_balancing/, '- otlp_http', /none sees a whole one/),
    written(
      'a queue that services wait for',
      /queue_size:/,
      'block_on_overflow: true\n      queue_size:',
      /lets services wait/,
    ),
  ],
};
