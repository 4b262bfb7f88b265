import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaClusterOnLoopback } from '../test/helpers/kafka-cluster.ts';
import { NatsClusterOnLoopback } from '../test/helpers/nats-cluster.ts';
import type { Backbone } from './backbone.ts';
import { kafkaAddress } from './kafka-broker.ts';

// Three servers that hold a copy each. Clients learn their addresses from each other, so no link stands between.

export async function openNatsCluster(): Promise<Backbone> {
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
    networks: [],
    kill: (server) => cluster.kill(`nats-${server}`),
    restart: (server) => cluster.restart(`nats-${server}`),
    async [Symbol.asyncDispose]() {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Longer than a group is without its coordinator when a broker is killed: who cannot speak then is not to be put out. */
const SESSION_MS = 6_000;

/** A queue of three copies is refused a write that two of them do not have. */
export async function openKafkaCluster(): Promise<Backbone> {
  const cluster = await KafkaClusterOnLoopback.start();
  const brokers = cluster.addresses.join(',');
  return {
    direct: (plan) => kafkaAddress(brokers, plan, SESSION_MS),
    through: () => kafkaAddress(brokers, undefined, SESSION_MS),
    networks: [],
    kill: (server) => cluster.kill(server),
    restart: (server) => cluster.restart(server),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
