import { Binding } from '../binding.ts';
import { VALKEY_PORTS } from './valkey-config.ts';

export interface ValkeyServiceProps {
  /** Name of its StatefulSet. @default 'valkey' */
  readonly name?: string;
  readonly namespace: string;
  readonly servers: number;
  /** Whether what it has answered is on a disk. */
  readonly isDurable: boolean;
  /** Whether clients connect by TLS, and only so. */
  readonly tls: boolean;
}

/** Valkey servers that are there already. */
export class ValkeyService {
  readonly name: string;
  readonly namespace: string;
  readonly servers: number;
  readonly isDurable: boolean;
  readonly tls: boolean;
  /** Labels of the server pods, for network policies. */
  readonly podLabels: Readonly<Record<string, string>>;

  constructor(props: ValkeyServiceProps) {
    this.name = props.name ?? 'valkey';
    this.namespace = props.namespace;
    this.servers = props.servers;
    this.isDurable = props.isDurable;
    this.tls = props.tls;
    this.podLabels = { 'app.kubernetes.io/name': 'valkey', 'app.kubernetes.io/instance': this.name };
  }

  /** Every server by its own name, in an order that never changes: a client picks one by the key. */
  get serverUrls(): readonly Binding<string>[] {
    const scheme = this.tls ? 'rediss' : 'redis';
    return Array.from({ length: this.servers }, (_, n) =>
      Binding.of(
        `${scheme}://${this.name}-${n}.${this.name}.${this.namespace}.svc.cluster.local:${VALKEY_PORTS.client}`,
      ),
    );
  }
}
