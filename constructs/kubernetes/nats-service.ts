import { Binding } from '../binding.ts';
import { NATS_PORTS } from './nats-config.ts';

export interface NatsServiceProps {
  /** Name of the release, which is the name of its client service. @default 'nats' */
  readonly name?: string;
  readonly namespace: string;
  /** JetStream account that holds the streams. @default '$G', the account of a server without accounts */
  readonly account?: string;
  /** Servers a replicated stream is kept on: 3 or 5, or 1 where a loss is accepted. */
  readonly replicas: 1 | 3 | 5;
  /** `always` when the servers run with `sync_interval: always`: only then does an ack mean that the disk has it. */
  readonly syncInterval: 'always' | 'periodic';
}

/** Where a client finds in its pod what it connects with. */
export interface NatsClientFiles {
  readonly seed: string;
  readonly authority: string;
}

/** A NATS cluster as those see it who use it. */
export class NatsService {
  static readonly clientPort = NATS_PORTS.client;
  static readonly monitoringPort = NATS_PORTS.monitor;

  readonly namespace: string;
  readonly account: string;
  readonly replicas: 1 | 3 | 5;
  readonly syncInterval: 'always' | 'periodic';
  /** Labels of the server pods, for network policies. */
  readonly podLabels: Readonly<Record<string, string>>;
  readonly #name: string;

  constructor(props: NatsServiceProps) {
    this.#name = props.name ?? 'nats';
    this.namespace = props.namespace;
    this.account = props.account ?? '$G';
    this.replicas = props.replicas;
    this.syncInterval = props.syncInterval;
    this.podLabels = { 'app.kubernetes.io/name': 'nats', 'app.kubernetes.io/instance': this.#name };
  }

  /** Where clients connect. */
  get clientUrl(): Binding<string> {
    return Binding.of(`nats://${this.#name}.${this.namespace}.svc.cluster.local:${NatsService.clientPort}`);
  }

  /** Where a client connects that proves who it is by a seed, and knows the servers by their authority. */
  clientUrlWith({ seed, authority }: NatsClientFiles): Binding<string> {
    return Binding.of(`${this.clientUrl.lower()}?nkey=${seed}&ca=${authority}`);
  }

  /**
   * Where KEDA reads the lag. Always the headless service: KEDA asks the one server that leads the consumer by
   * `<pod>.<this host>`, and a cluster IP neither resolves pods nor has the monitoring port.
   */
  get monitoringEndpoint(): Binding<string> {
    return Binding.of(`${this.#name}-headless.${this.namespace}.svc.cluster.local:${NatsService.monitoringPort}`);
  }
}
