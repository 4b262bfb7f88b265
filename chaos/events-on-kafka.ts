import { basename } from 'node:path';
import { Client } from 'pg';
import { KafkaClusterOnLoopback } from '../test/helpers/kafka-cluster.ts';
import { PostgresServer } from '../test/helpers/postgres-server.ts';
import type { Backbone } from './backbone.ts';

/** Longer than a group is without its coordinator when a broker is killed. */
const SESSION_MS = 6_000;

/** The log on three brokers, acks of all in sync and two of them at least; outbox, inbox and effects in PostgreSQL. */
export async function openEventsOnKafka(): Promise<Backbone> {
  const cluster = await KafkaClusterOnLoopback.start();
  const database = await PostgresServer.start({
    parameters: {
      max_connections: '200',
      wal_level: 'logical',
      max_replication_slots: '100',
      max_wal_senders: '100',
      max_slot_wal_keep_size: '64MB',
    },
    access: ['host all all 127.0.0.1/32 trust'],
  });
  // A database for each run: who leads in one does not lead in another.
  const nameOf = (folder: string): string =>
    basename(folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '_');
  const brokers = `kafka://${cluster.addresses.join(',')}?sessionMs=${SESSION_MS}`;
  return {
    direct: (_plan, folder) => database.url(nameOf(folder)),
    through: (_link, folder) => database.url(nameOf(folder)),
    log: () => brokers,
    prepare: async (url) => {
      const client = new Client(database.url());
      try {
        await client.connect();
        const name = new URL(url).pathname.slice(1);
        const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
        if (rows.length === 0) await client.query(`CREATE DATABASE ${name}`);
      } finally {
        await client.end();
      }
    },
    networks: [],
    kill: (server) => cluster.kill(server),
    restart: (server) => cluster.restart(server),
    killDatabase: () => database.kill(),
    restartDatabase: () => database.restart(),
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
