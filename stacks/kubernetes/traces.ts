import { Rate, type Topology, type TraceLoad, traceLoad } from '@penstock/model';
import type { TracesProps } from '../../charts/platform.ts';
import { Binding } from '../../constructs/binding.ts';
import { ImageReference, type TraceBackend } from '../../constructs/kubernetes/index.ts';
import type { WatchedTraces } from '../../constructs/monitoring/trace-rules.ts';
import type { KubernetesEnvironment, TracesEnvironment } from '../environments/index.ts';

/** The collector of an environment; undefined where nobody traces. */
export function tracesOf(topology: Topology, environment: KubernetesEnvironment): TracesProps | undefined {
  const { traces, name } = environment;
  if (traces === undefined) return undefined;
  const account = Object.entries(traces.account ?? {}).map(([key, value]) => [key, Binding.of(value)] as const);
  return {
    load: loadOf(topology, traces),
    image: ImageReference.parse(traces.image),
    backend: backendOf(traces.backend),
    reaches: traces.reaches,
    environment: name,
    account: Object.fromEntries(account),
  };
}

/** The collector, as those see it who watch it. */
export function watchedTraces(topology: Topology, traces: Pick<TracesEnvironment, 'kept'>): WatchedTraces {
  const { replicas, spansQueued } = loadOf(topology, traces);
  return { name: `${topology.name}-traces`, replicas, spansQueued };
}

const loadOf = (topology: Topology, { kept }: Pick<TracesEnvironment, 'kept'>): TraceLoad =>
  traceLoad(topology, Rate.parse(kept));

function backendOf(backend: TracesEnvironment['backend']): TraceBackend {
  switch (backend.kind) {
    case 'otlp':
      return { kind: 'otlp', endpoint: Binding.of(backend.endpoint) };
    case 'x-ray':
      return { kind: 'x-ray', endpoint: Binding.of(backend.endpoint), region: Binding.of(backend.region) };
    case 'cloud-trace':
      return { kind: 'cloud-trace', project: Binding.of(backend.project) };
  }
}
