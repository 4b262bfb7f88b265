import type { Topology } from '@penstock/model';
import { Binding } from '../../binding.ts';
import { type Flow, tcp } from '../network-flow.ts';

export const TRACE_PORTS = {
  /** Where services send spans, by OTLP over HTTP. */
  spans: 4318,
  /** Where replicas send them on to each other. */
  peers: 4319,
  /** Its own metrics. */
  ops: 8888,
  health: 13133,
} as const;

/** The variable by which OpenTelemetry's SDKs know where spans go. */
const ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_ENDPOINT';

/** The collector of traces of a platform, as those see it who send to it. */
export class TraceService {
  readonly name: string;
  readonly namespace: string;
  /** Labels of its pods, for network policies. */
  readonly podLabels: Readonly<Record<string, string>>;

  constructor(topology: Topology, namespace: string) {
    this.name = `${topology.name}-traces`;
    this.namespace = namespace;
    this.podLabels = { 'app.kubernetes.io/name': this.name, 'app.kubernetes.io/part-of': topology.name };
  }

  /** What a service finds in its environment. */
  get addresses(): Readonly<Record<string, Binding<string>>> {
    return { [ENDPOINT_VARIABLE]: Binding.of(`http://${this.#host(this.name)}:${TRACE_PORTS.spans}`) };
  }

  /** How one in the same namespace gets there. */
  get flow(): Flow {
    return { peer: { pods: this.podLabels }, ports: [tcp(TRACE_PORTS.spans)] };
  }

  /** Resolves to every replica. */
  get peers(): string {
    return this.#host(this.peersName);
  }

  get peersName(): string {
    return `${this.name}-peers`;
  }

  #host(service: string): string {
    return `${service}.${this.namespace}.svc.cluster.local`;
  }
}
