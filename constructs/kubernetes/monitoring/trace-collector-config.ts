import type { TraceLoad } from '@penstock/model';
import { Yaml } from 'cdk8s';
import type { Binding } from '../../binding.ts';
import { goDuration } from '../lowering.ts';
import { TRACE_PORTS } from './trace-service.ts';

/** Who keeps traces. Each takes OTLP over HTTP; a cloud also wants to know who sends, which the pod's own identity says. */
export type TraceBackend =
  /** Anything that takes OTLP, e.g. Tempo or Jaeger: `endpoint` without the path. */
  | { readonly kind: 'otlp'; readonly endpoint: Binding<string> }
  /** X-Ray: `endpoint` with its path. Transaction Search has to be on in the account. */
  | { readonly kind: 'x-ray'; readonly endpoint: Binding<string>; readonly region: Binding<string> }
  /** Cloud Trace by the Telemetry API, which has to be on in the project. */
  | { readonly kind: 'cloud-trace'; readonly project: Binding<string> };

export interface TraceCollectorConfigProps {
  readonly load: TraceLoad;
  readonly backend: TraceBackend;
  /** What every span of the platform says beside its service. */
  readonly resource: Readonly<Record<string, string>>;
  /** Host name that resolves to all replicas. */
  readonly peers: string;
}

/** Of the memory limit, above which spans are refused; what comes within one look of it is on top. */
const LIMIT_SHARE = 0.8;
const SPIKE_SHARE = 0.2;
/** One request to a back end at most: X-Ray and Cloud Trace take some megabytes. */
const BATCH = { least: 256, most: 1_024 } as const;
/** Decisions that are remembered when the spans are gone, by the traces that are held at most. */
const REMEMBERED = 10;

/** The configuration of every replica, as text. */
export function traceCollectorConfig(props: TraceCollectorConfigProps): string {
  const { load, backend, peers } = props;
  const authenticator = authenticatorOf(backend);
  const extensions = {
    health_check: { endpoint: anyAddress(TRACE_PORTS.health) },
    ...authenticator,
  };
  return Yaml.stringify({
    extensions,
    receivers: {
      otlp: { protocols: { http: { endpoint: anyAddress(TRACE_PORTS.spans) } } },
      'otlp/peers': { protocols: { grpc: { endpoint: anyAddress(TRACE_PORTS.peers) } } },
    },
    processors: {
      memory_limiter: memoryLimiter(load),
      tail_sampling: tailSampling(load),
      resource: { attributes: resourceOf(props).map(([key, value]) => ({ key, value, action: 'upsert' })) },
    },
    exporters: { load_balancing: routing(load, peers), otlp_http: sending(load, backend) },
    service: {
      extensions: Object.keys(extensions),
      telemetry: {
        logs: { level: 'info', encoding: 'json' },
        metrics: {
          level: 'normal',
          readers: [{ pull: { exporter: { prometheus: prometheusAt('0.0.0.0', TRACE_PORTS.ops) } } }],
        },
      },
      pipelines: {
        // Whoever hears a span passes it on to the replica that decides about its trace.
        'traces/receive': { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['load_balancing'] },
        'traces/decide': {
          receivers: ['otlp/peers'],
          processors: ['memory_limiter', 'tail_sampling', 'resource'],
          exporters: ['otlp_http'],
        },
      },
    },
  });
}

/** With the endings that Prometheus has for its types, which it leaves out unless it is told: the alerts look for them. */
export const prometheusAt = (host: string, port: number) => ({
  host,
  port,
  without_type_suffix: false,
  without_units: false,
});

const anyAddress = (port: number): string => `0.0.0.0:${port}`;

function memoryLimiter({ resources }: TraceLoad): unknown {
  const mebibytes = (share: number): number => Math.floor((resources.memory.bytes * share) / 1_048_576);
  return { check_interval: '1s', limit_mib: mebibytes(LIMIT_SHARE), spike_limit_mib: mebibytes(SPIKE_SHARE) };
}

/** Kept is what one of these says; the first three see the whole trace. */
function tailSampling({ decisionWait, settleTime, tracesHeld, tracesPerSecond, keptShare, slow }: TraceLoad): unknown {
  return {
    decision_wait: goDuration(decisionWait.toMilliseconds('up')),
    decision_wait_after_root_received: goDuration(settleTime.toMilliseconds('up')),
    num_traces: tracesHeld,
    expected_new_traces_per_sec: Math.ceil(tracesPerSecond),
    // Spans that come late follow what was decided.
    decision_cache: { sampled_cache_size: REMEMBERED * tracesHeld, non_sampled_cache_size: REMEMBERED * tracesHeld },
    policies: [
      { name: 'failed', type: 'status_code', status_code: { status_codes: ['ERROR'] } },
      { name: 'late', type: 'boolean_attribute', boolean_attribute: { key: 'penstock.late', value: true } },
      ...slow.map(({ workload, above }) => ({
        name: `slow-${workload}`,
        type: 'and',
        and: {
          and_sub_policy: [
            {
              name: 'of-workload',
              type: 'string_attribute',
              string_attribute: { key: 'service.instance.id', values: [workload] },
            },
            { name: 'above-p99', type: 'latency', latency: { threshold_ms: above.toMilliseconds('up') } },
          ],
        },
      })),
      {
        name: 'share-of-the-rest',
        type: 'probabilistic',
        probabilistic: { sampling_percentage: Number((100 * keptShare).toPrecision(4)) },
      },
    ],
  };
}

/** What a replica does not take goes to who has its part then: the queue is before the choice, and none behind it. */
const routing = ({ spansRouted }: TraceLoad, peers: string): unknown => ({
  routing_key: 'traceID',
  protocol: {
    otlp: {
      timeout: '2s',
      tls: { insecure: true },
      sending_queue: { enabled: false },
      retry_on_failure: { enabled: false },
    },
  },
  resolver: { dns: { hostname: peers, port: String(TRACE_PORTS.peers), interval: '5s', timeout: '2s' } },
  retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '5s', max_elapsed_time: '30s' },
  sending_queue: { enabled: true, sizer: 'items', queue_size: spansRouted },
});

function sending({ spansQueued }: TraceLoad, backend: TraceBackend): unknown {
  const [authenticator] = Object.keys(authenticatorOf(backend));
  return {
    traces_endpoint: endpointOf(backend),
    ...(authenticator === undefined ? {} : { auth: { authenticator } }),
    timeout: '10s',
    // As long as it takes: what finds no room behind it is refused, and counted.
    retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '10s', max_elapsed_time: '0s' },
    sending_queue: {
      enabled: true,
      sizer: 'items',
      queue_size: spansQueued,
      batch: { flush_timeout: '1s', min_size: BATCH.least, max_size: BATCH.most },
    },
  };
}

function endpointOf(backend: TraceBackend): string {
  switch (backend.kind) {
    case 'otlp':
      return `${backend.endpoint.lower()}/v1/traces`;
    case 'x-ray':
      return backend.endpoint.lower();
    case 'cloud-trace':
      return 'https://telemetry.googleapis.com/v1/traces';
  }
}

function authenticatorOf(backend: TraceBackend): Readonly<Record<string, unknown>> {
  switch (backend.kind) {
    case 'otlp':
      return {};
    case 'x-ray':
      return { sigv4auth: { region: backend.region.lower(), service: 'xray' } };
    case 'cloud-trace':
      return { googleclientauth: { project: backend.project.lower() } };
  }
}

function resourceOf({ resource, backend }: TraceCollectorConfigProps): readonly (readonly [string, string])[] {
  const project = backend.kind === 'cloud-trace' ? { 'gcp.project_id': backend.project.lower() } : {};
  return Object.entries({ ...resource, ...project });
}
