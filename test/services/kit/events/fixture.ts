import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  appendWithin,
  type EventDatabase,
  followEvents,
  type Log,
  type OutboxEvent,
  type OutboxSource,
  openEvents,
  openLog,
  openLogAdmin,
  provisionEvents,
} from '@penstock/kit/events';
import { Client } from 'pg';
import type { PostgresServer } from '../../../helpers/postgres-server.ts';

export const SCHEMA = [
  'CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY)',
  'CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL, note TEXT NOT NULL)',
];

/** A transaction of the service that writes, on a connection of its own. */
export interface Writer {
  readonly begin: () => Promise<void>;
  readonly order: (id: string) => Promise<void>;
  readonly append: (...events: readonly OutboxEvent[]) => Promise<void>;
  readonly end: (how: 'COMMIT' | 'ROLLBACK') => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A database of events, a log in a file, and connections of others to both. */
export interface EventsFixture extends AsyncDisposable {
  readonly url: string;
  readonly logUrl: string;
  readonly database: EventDatabase;
  readonly log: Log;
  /** For a relay: the log of the database. */
  readonly follow?: OutboxSource;
  readonly openWriter: () => Promise<Writer>;
  readonly rows: <Row>(sql: string) => Promise<readonly Row[]>;
}

export const TOPICS = ['outbox.event.order', 'outbox.event.stock'];

/**
 * @param address of a log; without one it lies in a file
 * @param isFollowed relays follow the log of the database
 */
export async function openFixture(
  server?: PostgresServer,
  address?: string,
  isFollowed = false,
): Promise<EventsFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-events-'));
  const path = join(folder, 'events.db');
  const logUrl = address ?? `sqlite:${join(folder, 'log.db')}`;
  const name = `events_${Math.random().toString(36).slice(2)}`;
  if (server !== undefined) await server.ask(`CREATE DATABASE ${name}`);
  const url = server === undefined ? `sqlite:${path}` : server.url(name);
  await provisionEvents(url, { schema: SCHEMA });
  await using admin = await openLogAdmin(logUrl);
  for (const topic of TOPICS) await admin.provision({ name: topic, partitions: 3 });
  const [database, log] = [await openEvents(url), await openLog(logUrl)];
  const follow = isFollowed ? await followEvents(url) : undefined;
  return {
    ...(follow === undefined ? {} : { follow }),
    url,
    logUrl,
    database,
    log,
    openWriter: () => openWriter(url),
    rows: async <Row>(sql: string) => {
      if (server !== undefined) return server.ask<Row>(sql, name);
      const file = new DatabaseSync(path);
      try {
        return file.prepare(sql).all() as Row[];
      } finally {
        file.close();
      }
    },
    [Symbol.asyncDispose]: async () => {
      await log.close();
      await database.close();
      await follow?.drop();
      await rm(folder, { recursive: true });
    },
  };
}

export const openWriter = (url: string): Promise<Writer> =>
  url.startsWith('sqlite:') ? openSqliteWriter(url.slice('sqlite:'.length)) : openPostgresWriter(url);

async function openSqliteWriter(path: string): Promise<Writer> {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  return {
    begin: async () => database.exec('BEGIN IMMEDIATE'),
    order: async (id) => void database.prepare('INSERT INTO orders (id) VALUES (?) ON CONFLICT DO NOTHING').run(id),
    append: async (...events) => appendWithin(database, events),
    end: async (how) => database.exec(how),
    close: async () => database.close(),
  };
}

async function openPostgresWriter(url: string): Promise<Writer> {
  const client = new Client(url);
  await client.connect();
  return {
    begin: async () => void (await client.query('BEGIN')),
    order: async (id) => void (await client.query('INSERT INTO orders (id) VALUES ($1) ON CONFLICT DO NOTHING', [id])),
    append: (...events) => appendWithin(client, events),
    end: async (how) => void (await client.query(how)),
    close: () => client.end(),
  };
}

export const eventOf = (aggregateId: string, id: string, more: Partial<OutboxEvent> = {}): OutboxEvent => ({
  id,
  aggregateType: 'order',
  aggregateId,
  type: 'OrderPlaced',
  payload: new TextEncoder().encode(`${aggregateId}:${id}`),
  ...more,
});
