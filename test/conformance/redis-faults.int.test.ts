import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Bus, type Lease, openBus, openBusAdmin, type Queue } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import { makeAuthority, makeCertificate } from '../helpers/certificates.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { type RedisBusServerOptions, startRedisForBus } from '../helpers/redis-bus-server.ts';
import { type RedisServer, redisRequirement } from '../helpers/redis-server.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testProfile } from './bus/profile.ts';
import { encode, Taker } from './bus/suite.ts';

const TIMEOUT_MS = 60_000;
const ITEMS_KEY = 'penstock:{TEST_FAULTY}:items';

describeWith(redisRequirement(), 'Redis Streams under faults', () => {
  let server: RedisServer;
  let bus: Bus;
  let queue: Queue;

  const start = async (options: RedisBusServerOptions = {}): Promise<void> => {
    server = await startRedisForBus(options);
    bus = await openBus(server.url);
  };
  const end = async (): Promise<void> => {
    await bus.close();
    await server[Symbol.asyncDispose]();
  };
  const startAnew = async (options: RedisBusServerOptions): Promise<void> => {
    await end();
    await start(options);
  };
  beforeEach(() => start());
  afterEach(end);

  const provision = async (overrides: Partial<QueueProfile> = {}): Promise<void> => {
    const profile = testProfile('faulty', overrides);
    await using admin = await openBusAdmin(server.url);
    await admin.provision(profile);
    queue = await bus.bind(profile);
  };
  const publish = (key: string) => queue.publish({ idempotencyKey: key, payload: encode(key) });
  const onServer = <T>(work: Parameters<typeof server.as<T>>[2]): Promise<T> => server.as(undefined, '', work);

  const untilClusterIsWell = (): Promise<void> =>
    onServer(async (client) => {
      while (!/cluster_state:ok/.test(String(await client.call('CLUSTER', 'INFO'))))
        await new Promise((resolve) => setTimeout(resolve, 20));
    });

  test(
    'a server that is killed and started again in the middle of work loses nothing',
    async () => {
      await provision({ ackWaitMs: 2_000, maxAttempts: 50 });
      const keys = Array.from({ length: 300 }, (_, n) => `k${n}`);
      await Promise.all(keys.map(publish));
      const acked = new Set<string>();
      const tokens = new Map<string, number[]>();
      const half = Promise.withResolvers<void>();
      const settle = async (lease: Lease): Promise<void> => {
        await lease.ack();
        acked.add(lease.idempotencyKey);
        if (acked.size === keys.length / 2) half.resolve();
      };
      const consumption = queue.consume({ prefetch: 16 }, (lease) => {
        tokens.set(lease.id, [...(tokens.get(lease.id) ?? []), lease.token]);
        settle(lease).catch(() => {});
      });
      await half.promise;
      await server.kill();
      await server.restart();
      const left = async (): Promise<number> => {
        const { ready, delayed, leased } = await queue.depth();
        return ready + delayed + leased;
      };
      while ((await left().catch(() => 1)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(tokens.size).toBe(keys.length);
      for (const seen of tokens.values()) expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      expect(await queue.deadLetters()).toEqual([]);
      await consumption.stop();
    },
    TIMEOUT_MS,
  );

  test(
    'a lease that is held while the server restarts can be settled afterwards, and what it has confirmed is there',
    async () => {
      await provision();
      await publish('held');
      await publish('waits');
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      await server.kill();
      await expect(publish('refused')).rejects.toMatchObject({ code: 'bus-unreachable', retryable: true });
      await server.restart();
      while (
        await queue
          .depth()
          .catch(() => undefined)
          .then((depth) => depth === undefined)
      )
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await publish('waits')).toMatchObject({ duplicate: true });
      await lease.ack();
      const next = await taker.next();
      expect(next.idempotencyKey).toBe('waits');
      await next.ack();
      await taker.consumption.stop();
    },
    TIMEOUT_MS,
  );

  test('a token grows also on a server that has forgotten the ones it gave out', async () => {
    await provision({ ackWaitMs: 1_000 });
    await publish('item');
    const taker = new Taker(queue, 1);
    const before = await taker.next();
    await onServer((client) => client.del('penstock:{TEST_FAULTY}:token'));
    const after = await taker.next();
    expect(after.id).toBe(before.id);
    expect(after.token).toBeGreaterThan(before.token);
    await after.ack();
    await taker.consumption.stop();
  });

  test('what is acked, or dead, leaves nothing behind but its key', async () => {
    await provision({ maxAttempts: 2 });
    const taker = new Taker(queue, 1);
    for (const key of ['done', 'dead']) await publish(key);
    await (await taker.next()).ack();
    await (await taker.next()).fail({ reason: 'first' });
    await (await taker.next()).fail({ reason: 'second' });
    await taker.consumption.stop();
    const keys = await onServer((client) => client.keys('*'));
    const prefix = 'penstock:{TEST_FAULTY}';
    const expected = ['dead', 'items', 'key:dead', 'key:done', 'profile', 'token'].map((name) => `${prefix}:${name}`);
    expect(keys.toSorted()).toEqual(expected);
    expect(await onServer((client) => client.xlen(ITEMS_KEY))).toBe(0);
  });

  test('an item that waits for its retry is not taken before it is due', async () => {
    await provision({ backoffMs: [3_000] });
    await publish('item');
    const taker = new Taker(queue, 1);
    const lease = await taker.next();
    const failedAt = performance.now();
    await lease.fail({ reason: 'busy' });
    expect(await queue.depth()).toEqual({ ready: 0, delayed: 1, leased: 0, deadLettered: 0 });
    await (await taker.next()).ack();
    expect(performance.now() - failedAt).toBeGreaterThanOrEqual(2_999);
    await taker.consumption.stop();
  });

  test('consumers of one queue together never have more out than its bound', async () => {
    await provision({ maxAckPending: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await publish(key);
    const takers = [new Taker(queue, 2), new Taker(queue, 2)];
    while ((await queue.depth()).leased < 3) await new Promise((resolve) => setImmediate(resolve));
    const [first] = takers.flatMap(({ taken }) => taken);
    expect(takers.flatMap(({ taken }) => taken)).toHaveLength(3);
    await first?.ack();
    while (takers.flatMap(({ taken }) => taken).length < 4) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all(takers.map(({ consumption }) => consumption.stop()));
  });

  test('an item older than the retention of its queue is a dead letter that says so', async () => {
    await provision({ retentionMs: 1 });
    await publish('old');
    const taker = new Taker(queue, 1);
    while ((await queue.depth()).deadLettered === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(taker.taken).toEqual([]);
    expect(await queue.deadLetters()).toMatchObject([
      { idempotencyKey: 'old', attempts: 0, history: [{ reason: 'the retention of the queue is over' }] },
    ]);
    await taker.consumption.stop();
  });

  test('a consumption ends with queue-missing when its stream was deleted, and nothing is published into the void', async () => {
    await provision();
    const consumption = queue.consume({ prefetch: 4 }, () => {});
    await onServer((client) => client.del(ITEMS_KEY));
    await expect(publish('lost')).rejects.toMatchObject({ code: 'queue-missing' });
    await expect(consumption.closed).rejects.toMatchObject({ code: 'queue-missing' });
  });

  test('a full server refuses a publish and still takes an ack', async () => {
    await provision();
    await publish('before');
    const taker = new Taker(queue, 1);
    const lease = await taker.next();
    await onServer((client) => client.config('SET', 'maxmemory', '1mb'));
    await expect(publish('too much')).rejects.toMatchObject({ code: 'storage-full' });
    await lease.ack();
    expect(await queue.depth()).toMatchObject({ ready: 0, leased: 0 });
    await taker.consumption.stop();
  });

  test.each([
    ['fsync where writes are synced every second', { appendfsync: 'everysec' }, 'fsync', 'appendfsync is everysec'],
    ['replicated, which no server has', {}, 'replicated', 'does not have'],
    [
      'a server that evicts',
      { more: ['maxmemory-policy allkeys-lru'] },
      'best-effort',
      'maxmemory-policy is allkeys-lru',
    ],
  ] as const)('rejects %s', async (_what, options, durability, message) => {
    await startAnew(options);
    await expect(provision({ durability })).rejects.toMatchObject({
      code: 'queue-mismatch',
      message: expect.stringContaining(message),
    });
  });

  test('takes a server that syncs every second for best-effort', async () => {
    await startAnew({ appendfsync: 'everysec' });
    await provision({ durability: 'best-effort' });
    expect(await publish('fast')).toMatchObject({ duplicate: false });
  });

  test('rejects fsync where the server keeps its settings to itself; best-effort works with the password of a file', async () => {
    await startAnew({ users: ['user worker on >secret ~penstock:* &penstock:* +@all -config'] });
    await provision();
    const folder = await mkdtemp(join(tmpdir(), 'penstock-redis-'));
    const [file, wrong] = [join(folder, 'password'), join(folder, 'wrong')];
    await writeFile(file, 'secret\n');
    const address = server.url.replace('//', '//worker@');
    await writeFile(wrong, 'guessed');
    await expect(openBus(`${address}?password=${wrong}`)).rejects.toMatchObject({ code: 'bus-refused' });
    await using other = await openBus(`${address}?password=${file}`);
    await expect(other.bind(queue.profile)).rejects.toMatchObject({ message: expect.stringContaining('CONFIG GET') });
    await provision({ durability: 'best-effort' });
    const bound = await other.bind(queue.profile);
    await bound.publish({ idempotencyKey: 'mine', payload: encode('mine') });
    expect(await bound.depth()).toMatchObject({ ready: 1 });
    await rm(folder, { recursive: true });
  });

  test('carries items over an encrypted connection, by the authority of a file, and trusts no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-redis-tls-'));
    makeAuthority(folder, 'authority');
    makeAuthority(folder, 'stranger');
    makeCertificate(folder, 'authority', ['localhost'], 1);
    const [port] = await freePorts(1);
    const files = { 'tls-cert-file': 'tls.crt', 'tls-key-file': 'tls.key', 'tls-ca-cert-file': 'ca.crt' };
    const settings = Object.entries(files).map(([name, file]) => `${name} ${join(folder, file)}`);
    await startAnew({ more: [`tls-port ${port}`, 'tls-auth-clients no', ...settings] });
    await provision();
    const address = `rediss://localhost:${port}?ca=${folder}`;
    await using encrypted = await openBus(`${address}/ca.crt`);
    const bound = await encrypted.bind(queue.profile);
    await bound.publish({ idempotencyKey: 'secret', payload: encode('secret') });
    const taker = new Taker(bound, 1);
    await (await taker.next()).ack();
    await taker.consumption.stop();
    for (const other of [`${address}/stranger.crt`, `rediss://localhost:${port}`, `redis://localhost:${port}`])
      await expect(openBus(other)).rejects.toMatchObject({ code: 'bus-unreachable' });
    await rm(folder, { recursive: true });
  });

  test('is refused by a node of a cluster that sends it to another one', async () => {
    const [own, others] = await freePorts(2);
    await startAnew({ more: ['cluster-enabled yes', `cluster-port ${own}`] });
    await using other = await startRedisForBus({ more: ['cluster-enabled yes', `cluster-port ${others}`] });
    const slot = await onServer((client) => client.call('CLUSTER', 'KEYSLOT', ITEMS_KEY));
    const before = ['0', String(Number(slot) - 1)];
    const behind = [String(Number(slot) + 1), '16383'];
    await onServer((client) => client.call('CLUSTER', 'ADDSLOTSRANGE', ...before, ...behind));
    await other.as(undefined, '', (client) => client.call('CLUSTER', 'ADDSLOTS', String(slot)));
    const { port } = new URL(other.url);
    await onServer((client) => client.call('CLUSTER', 'MEET', '127.0.0.1', port, String(others)));
    await untilClusterIsWell();
    await expect(provision()).rejects.toMatchObject({ code: 'bus-refused', message: expect.stringContaining('MOVED') });
  });

  test('every key of a queue lies in one slot of a cluster', async () => {
    const [port] = await freePorts(1);
    await startAnew({ more: ['cluster-enabled yes', `cluster-port ${port}`] });
    await onServer((client) => client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383'));
    await untilClusterIsWell();
    await provision({ maxAttempts: 2 });
    await publish('item');
    const taker = new Taker(queue, 1);
    expect(await (await taker.next()).fail({ reason: 'first' })).toBe('retried');
    expect(await (await taker.next()).fail({ reason: 'second' })).toBe('dead-lettered');
    await taker.consumption.stop();
  });
});

test.each([
  ['redis://:secret@127.0.0.1', 'holds a password'],
  ['redis://worker@127.0.0.1', 'a user without a password'],
  ['redis://127.0.0.1?nkey=x', 'received the parameters nkey'],
  ['redis://127.0.0.1?ca=x', 'an authority is of no use'],
  ['redis://127.0.0.1/shop', 'cannot be read'],
  ['redis:', 'bus address'],
])('rejects the address %s', async (address, message) => {
  const error = await openBus(address).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'address-malformed' });
  expect(String(error)).toContain(message);
  if (address.includes('secret')) expect(String(error)).not.toContain('secret');
});

test('rejects a server that is not there', async () => {
  const [port] = await freePorts(1);
  await expect(openBus(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'bus-unreachable' });
});
