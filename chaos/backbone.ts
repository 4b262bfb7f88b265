import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../test/helpers/free-ports.ts';
import { KafkaBroker, kafkaRequirement } from '../test/helpers/kafka-broker.ts';
import { NatsClusterOnLoopback } from '../test/helpers/nats-cluster.ts';
import { NatsServer, natsRequirement } from '../test/helpers/nats-server.ts';
import { RabbitmqServer, rabbitmqRequirement } from '../test/helpers/rabbitmq-server.ts';
import { startRedisForBus } from '../test/helpers/redis-bus-server.ts';
import { redisRequirement } from '../test/helpers/redis-server.ts';
import type { Requirement } from '../test/helpers/requirement.ts';
import { Link } from './link.ts';
import type { BackboneName, LinkName, Plan } from './plan.ts';

/** Servers of one kind, the network before them, and how to hurt them. It serves many runs, one after the other. */
export interface Backbone extends AsyncDisposable {
  /** Past the network that faults come to, for whoever provisions and looks on. */
  direct(plan: Plan, folder: string): string;
  through(link: LinkName, folder: string): string;
  /** None where clients reach it without a network, or know its servers by name. */
  readonly links: Readonly<Record<LinkName, Link>> | undefined;
  /** @param server of a cluster */
  kill(server: number): Promise<void>;
  restart(server: number): Promise<void>;
}

export interface BackboneKind {
  readonly requirement: Requirement;
  readonly durability: 'fsync' | 'replicated' | 'best-effort';
  open(): Promise<Backbone>;
}

export const BACKBONE_KINDS: Readonly<Record<BackboneName, BackboneKind>> = {
  sqlite: { requirement: { name: 'sqlite', available: true, howToGet: '' }, durability: 'fsync', open: openSqlite },
  nats: { requirement: natsRequirement(), durability: 'fsync', open: openNats },
  'nats-cluster': { requirement: natsRequirement(), durability: 'replicated', open: openNatsCluster },
  redis: { requirement: redisRequirement(), durability: 'fsync', open: () => openRedis() },
  kafka: { requirement: kafkaRequirement(), durability: 'fsync', open: openKafka },
  rabbitmq: { requirement: rabbitmqRequirement(), durability: 'fsync', open: openRabbitmq },
};

/** Keeps nothing over its death, and says so: what a backbone looks like that loses what it has confirmed. */
export const FORGETFUL_REDIS: BackboneKind = {
  requirement: redisRequirement(),
  durability: 'best-effort',
  open: () => openRedis(['appendonly no']),
};

async function openSqlite(): Promise<Backbone> {
  const address = (folder: string): string => `sqlite:${join(folder, 'bus.db')}`;
  return {
    direct: (_plan, folder) => address(folder),
    through: (_link, folder) => address(folder),
    links: undefined,
    kill: async () => {},
    restart: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

interface Server extends AsyncDisposable {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** One server behind two links. @param addressOf its address at a port */
async function behindLinks(server: Server, port: number, addressOf: (port: number) => string): Promise<Backbone> {
  const links = { publishers: await Link.open(), workers: await Link.open() };
  for (const link of Object.values(links)) link.leadTo(port);
  return {
    direct: () => addressOf(port),
    through: (link) => addressOf(links[link].port),
    links,
    kill: () => server.kill(),
    restart: () => server.restart(),
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(links).map((link) => link[Symbol.asyncDispose]()));
      await server[Symbol.asyncDispose]();
    },
  };
}

async function openNats(): Promise<Backbone> {
  const server = await NatsServer.start();
  return behindLinks(server, Number(new URL(server.url).port), (port) => `nats://127.0.0.1:${port}`);
}

async function openRedis(more: readonly string[] = []): Promise<Backbone> {
  const server = await startRedisForBus({ more });
  return behindLinks(server, Number(new URL(server.url).port), (port) => `redis://127.0.0.1:${port}`);
}

async function openRabbitmq(): Promise<Backbone> {
  const server = await RabbitmqServer.start();
  // A process that stands still is given up after two or three silent heartbeats.
  return behindLinks(server, Number(new URL(server.url).port), (port) => `amqp://127.0.0.1:${port}?heartbeat=1`);
}

/** Clients go where a broker says that it is: it has a listener for each link, and says that it is there. */
async function openKafka(): Promise<Backbone> {
  const links = { publishers: await Link.open(), workers: await Link.open() };
  const [direct = 0, publishers = 0, workers = 0, controller = 0] = await freePorts(4);
  links.publishers.leadTo(publishers);
  links.workers.leadTo(workers);
  const at = (port: number): string => `127.0.0.1:${port}`;
  const listeners = { PLAINTEXT: direct, PUBLISHERS: publishers, WORKERS: workers };
  const advertised = { ...listeners, PUBLISHERS: links.publishers.port, WORKERS: links.workers.port };
  const listed = (ports: Readonly<Record<string, number>>): string =>
    Object.entries(ports)
      .map(([name, port]) => `${name}://${at(port)}`)
      .join(',');
  const broker = await KafkaBroker.start({
    settings: {
      'controller.quorum.voters': `1@${at(controller)}`,
      listeners: listed({ ...listeners, CONTROLLER: controller }),
      'advertised.listeners': listed(advertised),
      'inter.broker.listener.name': 'PLAINTEXT',
      'listener.security.protocol.map': [...Object.keys(listeners), 'CONTROLLER']
        .map((name) => `${name}:PLAINTEXT`)
        .join(','),
    },
  });
  return {
    // With one partition the order of the queue can be seen.
    direct: (plan) => `kafka://${at(direct)}?sessionMs=1500&partitions=${plan.isOrdered ? 1 : 4}`,
    through: (link) => `kafka://${at(links[link].port)}?sessionMs=1500`,
    links,
    kill: () => broker.kill(),
    restart: () => broker.restart(),
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(links).map((link) => link[Symbol.asyncDispose]()));
      await broker.stop();
    },
  };
}

/** Three servers that hold a copy each. Clients learn their addresses from each other, so no link stands between. */
async function openNatsCluster(): Promise<Backbone> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-chaos-cluster-'));
  const routes = [0, 1, 2].map((server) => `"nats://nats-${server}.nats-headless:6222"`).join(', ');
  const config = [
    'server_name: $SERVER_NAME',
    '"port": 4222',
    '"http_port": 8222',
    'jetstream: { store_dir: "/data", sync_interval: always }',
    `cluster: { name: chaos, "port": 6222, routes: [${routes}] }`,
    'server_tags: [$ZONE_TAG]',
  ].join('\n');
  const cluster = await NatsClusterOnLoopback.start(config, folder);
  const address = `nats://${cluster.addresses.join(',')}`;
  return {
    direct: () => address,
    through: () => address,
    links: undefined,
    kill: (server) => cluster.kill(`nats-${server}`),
    restart: (server) => cluster.restart(`nats-${server}`),
    async [Symbol.asyncDispose]() {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
