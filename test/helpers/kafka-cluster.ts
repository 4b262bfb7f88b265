import { freePorts } from './free-ports.ts';
import { KafkaBroker } from './kafka-broker.ts';

const SERVERS = 3;

/** Three nodes that are controller and broker each, on free ports of the loopback. */
export class KafkaClusterOnLoopback implements AsyncDisposable {
  /** Of the brokers, in the order of their numbers. */
  readonly addresses: readonly string[];
  readonly #brokers: readonly KafkaBroker[];

  private constructor(addresses: readonly string[], brokers: readonly KafkaBroker[]) {
    this.addresses = addresses;
    this.#brokers = brokers;
  }

  static async start(more: Readonly<Record<string, string>> = {}): Promise<KafkaClusterOnLoopback> {
    const ports = await freePorts(2 * SERVERS);
    const addresses = ports.slice(0, SERVERS).map((port) => `127.0.0.1:${port}`);
    const controllers = ports.slice(SERVERS).map((port) => `127.0.0.1:${port}`);
    const voters = controllers.map((address, server) => `${server + 1}@${address}`).join(',');
    // One node alone waits for most of the others.
    const starts = addresses.map((address, server) =>
      KafkaBroker.start({
        settings: {
          'node.id': String(server + 1),
          'controller.quorum.voters': voters,
          listeners: `PLAINTEXT://${address},CONTROLLER://${controllers[server]}`,
          'advertised.listeners': `PLAINTEXT://${address}`,
          'offsets.topic.replication.factor': String(SERVERS),
          'transaction.state.log.replication.factor': String(SERVERS),
          'transaction.state.log.min.isr': '2',
          // Who is dead is to be known within a run.
          'broker.session.timeout.ms': '3000',
          'broker.heartbeat.interval.ms': '500',
          // A busy machine is not to look like a dead controller, nor to be given up while it starts.
          'controller.quorum.election.timeout.ms': '2000',
          'controller.quorum.fetch.timeout.ms': '4000',
          'initial.broker.registration.timeout.ms': '180000',
          ...more,
        },
      }),
    );
    const started = await Promise.allSettled(starts);
    const brokers = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    const cluster = new KafkaClusterOnLoopback(addresses, brokers);
    if (brokers.length === SERVERS) return cluster;
    await cluster[Symbol.asyncDispose]();
    const reasons = started.map((start) => (start.status === 'rejected' ? String(start.reason) : 'ready'));
    throw new Error(`a Kafka cluster is not ready: ${reasons.join('\n')}`);
  }

  /** As power loss of one process. */
  async kill(server: number): Promise<void> {
    await this.#brokers[server]?.kill();
  }

  /** Starts it again with what is in its folder. */
  async restart(server: number): Promise<void> {
    await this.#brokers[server]?.restart();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.stop()));
  }
}
