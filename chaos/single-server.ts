import { NatsServer } from '../test/helpers/nats-server.ts';
import { PostgresServer } from '../test/helpers/postgres-server.ts';
import { RabbitmqServer } from '../test/helpers/rabbitmq-server.ts';
import { startRedisForBus } from '../test/helpers/redis-bus-server.ts';
import type { Backbone, Network } from './backbone.ts';
import { Link } from './link.ts';

// Servers that are one process on one port: whoever comes to them passes a link.

interface Server extends AsyncDisposable {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** What loses its disk with its life. */
function forgetful(server: Server & { loseDisk(): Promise<void> }): Server {
  return {
    async kill() {
      await server.kill();
      await server.loseDisk();
    },
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export async function openNetworks(lanes: number, leadTo: (lane: number) => Readonly<Record<keyof Network, number>>) {
  return Promise.all(
    Array.from({ length: lanes }, async (_, lane): Promise<Network> => {
      const network = { publishers: await Link.open(), workers: await Link.open() };
      const ports = leadTo(lane);
      network.publishers.leadTo(ports.publishers);
      network.workers.leadTo(ports.workers);
      return network;
    }),
  );
}

export async function closeNetworks(networks: readonly Network[]): Promise<void> {
  const links = networks.flatMap((network) => Object.values(network) as Link[]);
  await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
}

/** RabbitMQ 3.10 writes the name of a new queue's log after three seconds; one that has none by then has lost all in it. */
const RABBITMQ_KEEPS_QUEUES_MS = 5_000;

/** @param addressOf its address at a port */
async function behindLinks(
  server: Server,
  port: number,
  lanes: number,
  addressOf: (port: number) => string,
): Promise<Backbone> {
  const networks = await openNetworks(lanes, () => ({ publishers: port, workers: port }));
  return {
    direct: () => addressOf(port),
    through: (link, _folder, lane) => addressOf(networks[lane]?.[link].port ?? port),
    networks,
    kill: () => server.kill(),
    restart: () => server.restart(),
    async [Symbol.asyncDispose]() {
      await closeNetworks(networks);
      await server[Symbol.asyncDispose]();
    },
  };
}

const portOf = (url: string): number => Number(new URL(url).port);

/** @param isForgetful whether it loses its disk with its life */
export async function openNats(lanes: number, isForgetful = false): Promise<Backbone> {
  const server = await NatsServer.start();
  return behindLinks(
    isForgetful ? forgetful(server) : server,
    portOf(server.url),
    lanes,
    (port) => `nats://127.0.0.1:${port}`,
  );
}

export async function openRedis(lanes: number, more: readonly string[] = []): Promise<Backbone> {
  const server = await startRedisForBus({ more });
  return behindLinks(server, portOf(server.url), lanes, (port) => `redis://127.0.0.1:${port}`);
}

/** @param isForgetful whether it loses its disk with its life */
export async function openRabbitmq(lanes: number, isForgetful = false): Promise<Backbone> {
  const server = await RabbitmqServer.start();
  // A process that stands still is given up after two or three silent heartbeats.
  const backbone = await behindLinks(
    isForgetful ? forgetful(server) : server,
    portOf(server.url),
    lanes,
    (port) => `amqp://127.0.0.1:${port}?heartbeat=1`,
  );
  return { ...backbone, keepsQueuesAfterMs: RABBITMQ_KEEPS_QUEUES_MS };
}

/** Lanes of one database keep apart by the names of their queues. */
export async function openPostgres(lanes: number, more: Readonly<Record<string, string>> = {}): Promise<Backbone> {
  const access = ['host all all 127.0.0.1/32 trust'];
  const server = await PostgresServer.start({ parameters: { max_connections: '200', ...more }, access });
  return behindLinks(server, portOf(server.url()), lanes, (port) => `postgres://postgres@127.0.0.1:${port}/postgres`);
}
