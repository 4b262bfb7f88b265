import { Binding } from '../binding.ts';
import { RABBITMQ_PORTS } from './rabbitmq-config.ts';

export interface RabbitMqServiceProps {
  /** Name of the RabbitmqCluster, which is the name of its client service. @default 'rabbitmq' */
  readonly name?: string;
  readonly namespace: string;
  readonly nodes: 1 | 3 | 5;
  /** Whether clients connect by TLS, and only so. */
  readonly tls: boolean;
  /** Secret of its namespace with `username` and `password`. @default - the one that the operator makes */
  readonly defaultUserSecret?: string;
}

/** A RabbitMQ cluster that is there already, as its operator makes it. */
export class RabbitMqService {
  readonly name: string;
  readonly namespace: string;
  readonly nodes: 1 | 3 | 5;
  readonly tls: boolean;
  /** Name of the Secret in its namespace; what is in it never goes through a manifest. */
  readonly defaultUserSecret: string;
  /** Labels of the pods of its nodes, for network policies. */
  readonly podLabels: Readonly<Record<string, string>>;

  constructor(props: RabbitMqServiceProps) {
    this.name = props.name ?? 'rabbitmq';
    this.namespace = props.namespace;
    this.nodes = props.nodes;
    this.tls = props.tls;
    this.defaultUserSecret = props.defaultUserSecret ?? `${this.name}-default-user`;
    this.podLabels = { 'app.kubernetes.io/name': this.name, 'app.kubernetes.io/component': 'rabbitmq' };
  }

  get clientPort(): number {
    return this.tls ? RABBITMQ_PORTS.amqps : RABBITMQ_PORTS.amqp;
  }

  get managementPort(): number {
    return this.tls ? RABBITMQ_PORTS['management-tls'] : RABBITMQ_PORTS.management;
  }

  /** Where clients connect; user and password come as files. */
  get clientUrl(): Binding<string> {
    return Binding.of(`${this.tls ? 'amqps' : 'amqp'}://${this.#host}:${this.clientPort}`);
  }

  /** Where a scaler reads the length and the rate of a queue. */
  get managementUrl(): Binding<string> {
    return Binding.of(`${this.tls ? 'https' : 'http'}://${this.#host}:${this.managementPort}`);
  }

  get #host(): string {
    return `${this.name}.${this.namespace}.svc.cluster.local`;
  }
}
