import { type Manifest, podsOf, specOf, type WorkloadSpec } from '../manifest.ts';
import { configOf } from '../mounted-config.ts';
import { kindPolicy } from '../policy.ts';
import { quantityOf } from '../quantity.ts';

/** Where OTLP is heard. What is configured in pipelines behind it is a collector, and no back end. */
const OTLP_PORTS: readonly number[] = [4317, 4318];
/** For its last batch to be taken. */
const LEAST_FLUSH_SECONDS = 10;
/** Of the memory limit; the rest is for what comes between two looks and for the runtime. */
const MOST = 0.9;

/** Rule 37, what a collector of OpenTelemetry holds, and what it decides. */
export const traceCollectorBounded = kindPolicy(
  {
    id: 'trace-collector-bounded',
    rules: [37],
    source: 'OpenTelemetry documentation (memory limiter, scaling the collector)',
    reads: ['ConfigMap'],
    reason:
      'a collector without a bound is ended by the kernel with all it holds, and one that sees half of a trace decides by half of it',
  },
  ['Deployment', 'StatefulSet', 'DaemonSet'],
  (manifest, all) => {
    const container = collectorOf(manifest);
    if (container === undefined) return [];
    const config = configOf(manifest, all);
    const pipelines = pipelinesOf(config);
    const limit = quantityOf(container.resources?.limits?.['memory']);
    const most = Number(/\blimit_mib:\s*(\d+)/.exec(config)?.[1]) * 2 ** 20;
    const unbounded = pipelines.filter(({ processors }) => processors[0] !== 'memory_limiter');
    const decides = pipelines.some(({ processors }) => processors.includes('tail_sampling'));
    const isRouted = pipelines.some(({ exporters }) => exporters.includes('load_balancing'));
    const { replicas = 1 } = specOf<WorkloadSpec>(manifest);
    const grace = podsOf(manifest)[0]?.terminationGracePeriodSeconds;
    const kept = (container.lifecycle?.preStop?.sleep?.seconds ?? 0) + LEAST_FLUSH_SECONDS;
    return [
      pipelines.length === 0 && 'runs by a configuration that is in no ConfigMap beside it',
      grace !== undefined &&
        grace < kept &&
        `is ended after ${grace} s, expected ${kept} at least: what waits to be sent is lost with it`,
      ...unbounded.map(({ name }) => `pipeline ${name} does not begin with memory_limiter`),
      limit !== undefined &&
        most > limit * MOST &&
        `takes spans up to ${most} bytes into ${limit}, expected at most 90 %`,
      decides &&
        !isRouted &&
        (replicas > 1 || manifest.kind === 'DaemonSet') &&
        'decides about traces in several replicas of which none sees a whole one (load_balancing)',
      /^\s+block_on_overflow:\s*true/m.test(config) && 'lets services wait for its back end (block_on_overflow)',
    ];
  },
);

/** OpenTelemetry's collector, by how it is started; undefined for every other workload. */
const collectorOf = (manifest: Manifest) =>
  podsOf(manifest)
    .flatMap(({ containers = [] }) => containers)
    .find(
      ({ args = [], ports = [] }) =>
        args.some((arg) => arg.startsWith('--config=')) &&
        ports.some(({ containerPort = 0 }) => OTLP_PORTS.includes(containerPort)),
    );

interface Pipeline {
  readonly name: string;
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

/** Its pipelines, as block style writes them: each by its name, with a list each of what it is made of. */
function pipelinesOf(config: string): readonly Pipeline[] {
  const [, text = ''] = /^ {2}pipelines:\n((?: {4}.*\n?)*)/m.exec(config) ?? [];
  return text.split(/^ {4}(?=\S)/m).flatMap((block) => {
    const [, name] = /^"?([^\s":]+)"?:/.exec(block) ?? [];
    const listed = (key: string): readonly string[] => {
      const [, items = ''] = new RegExp(`^ {6}${key}:\\n((?: {6,}- .*\\n?)*)`, 'm').exec(block) ?? [];
      return items.split('\n').flatMap((line) => /- "?([^"\s]+)/.exec(line)?.[1] ?? []);
    };
    return name === undefined ? [] : [{ name, processors: listed('processors'), exporters: listed('exporters') }];
  });
}
