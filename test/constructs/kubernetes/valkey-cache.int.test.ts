import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import type { Redis } from 'ioredis';
import { Binding } from '../../../constructs/binding.ts';
import {
  PROBE_USER,
  type ValkeyMode,
  type ValkeyUsers,
  valkeyConfig,
  valkeyUsers,
} from '../../../constructs/kubernetes/index.ts';
import { SecretReference } from '../../../constructs/secret-reference.ts';
import { RedisServer, redisRequirement } from '../../helpers/redis-server.ts';
import { describeWith } from '../../helpers/requirement.ts';

// Redis 7.0, not Valkey: it reads the same configuration and the same file of users.

const password = SecretReference.inStore({ key: Binding.of('anywhere') });
const users: ValkeyUsers = {
  reranker: { password, keys: ['rerank:*'], access: 'read-write' },
  dashboard: { password, keys: ['rerank:*'], access: 'read' },
};
/** Each one's password is its name. */
const usersFile = valkeyUsers(users, (name) => createHash('sha256').update(name).digest('hex'));
const MEBIBYTE = 1_048_576;

const start = (mode: ValkeyMode, mebibytes: number) =>
  RedisServer.start({
    config: valkeyConfig({ mode, memory: Bytes.of(mebibytes * MEBIBYTE) }),
    users: usersFile,
    probe: PROBE_USER,
  });

const storage = { storageClass: 'fast', size: Bytes.parse('1 GiB') };
const DURABLE: ValkeyMode = { mode: 'durable', durability: 'fsync', storage };

describeWith(redisRequirement(), 'Redis 7.0 by the configuration of Valkey', () => {
  describe('as a cache', () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await start({ mode: 'cache', servers: 1 }, 16);
    });
    afterAll(() => server[Symbol.asyncDispose]());
    const asReranker = <T>(work: (client: Redis) => Promise<T>) => server.as('reranker', 'reranker', work);

    test('takes more than fits and forgets, and stays within its bound', async () => {
      const memory = await server.as('reranker', 'reranker', async (client) => {
        for (let n = 0; n < 40; n++) await client.set(`rerank:${n}`, 'x'.repeat(MEBIBYTE / 2));
        return client.info('memory');
      });
      const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(memory)?.[1];
      expect(field('maxmemory')).toBe(String(12 * MEBIBYTE));
      expect(field('maxmemory_policy')).toBe('allkeys-lru');
      expect(Number(field('used_memory'))).toBeLessThan(13 * MEBIBYTE);
      // Which ones is by samples of the least used: that some had to go, and no write was refused, is what is promised.
      const keys = Array.from({ length: 40 }, (_, n) => `rerank:${n}`);
      const kept = await server.as('reranker', 'reranker', (client) => client.exists(...keys));
      expect(kept).toBeGreaterThan(10);
      expect(kept).toBeLessThan(25);
    });

    test('comes back empty: it wrote nothing', async () => {
      await server.as('reranker', 'reranker', (client) => client.set('rerank:kept', '1'));
      await server.kill();
      await server.restart();
      expect(await server.as('reranker', 'reranker', (client) => client.get('rerank:kept'))).toBeNull();
    });

    test('answers nobody who does not say who they are', async () => {
      await expect(server.as(undefined, '', (client) => client.get('rerank:1'))).rejects.toThrow(/NOAUTH/);
      await expect(server.as('reranker', 'wrong', (client) => client.get('rerank:1'))).rejects.toThrow();
    });

    test('gives a user the keys it was given, to read or to write', async () => {
      const write = (user: string, key: string) => server.as(user, user, (client) => client.set(key, '1'));
      expect(await write('reranker', 'rerank:1')).toBe('OK');
      await expect(write('reranker', 'orders:1')).rejects.toThrow(/NOPERM/);
      await expect(write('dashboard', 'rerank:1')).rejects.toThrow(/NOPERM/);
      expect(await server.as('dashboard', 'dashboard', (client) => client.get('rerank:1'))).toBe('1');
    });

    test('runs what a driver needs for a lock, a script and a transaction', async () => {
      const script = "return redis.call('incr', KEYS[1])";
      expect(await asReranker((client) => client.eval(script, 1, 'rerank:count'))).toBe(1);
      expect(await asReranker((client) => client.multi().incr('rerank:count').exec())).toEqual([[null, 2]]);
      await expect(asReranker((client) => client.eval(script, 1, 'orders:count'))).rejects.toThrow(/NOPERM/);
    });

    test.each([
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['KEYS', '*'],
      ['CONFIG', 'SET', 'maxmemory', '0'],
      ['CONFIG', 'GET', '*'],
      ['DEBUG', 'SLEEP', '0'],
      ['ACL', 'LIST'],
      ['SHUTDOWN', 'NOSAVE'],
      ['REPLICAOF', '127.0.0.1', '1'],
      ['MONITOR'],
      ['CLIENT', 'KILL', 'TYPE', 'normal'],
      ['FUNCTION', 'FLUSH'],
      ['SCRIPT', 'FLUSH'],
      ['SCAN', '0'],
      ['RANDOMKEY'],
      ['MIGRATE', '127.0.0.1', '1', 'rerank:1', '0', '1'],
      ['SWAPDB', '0', '1'],
    ])('refuses %s %s to a user who may write', async (command, ...rest) => {
      // DEBUG is not there for anybody.
      await expect(asReranker((client) => client.call(command as string, ...rest))).rejects.toThrow(
        /NOPERM|not allowed/,
      );
    });

    test.each([
      ['GET', 'rerank:1'],
      ['SET', 'rerank:1', '1'],
      ['CONFIG', 'GET', '*'],
    ])('refuses %s to who may ask only how it does', async (command, ...rest) => {
      const probe = server.as(PROBE_USER, 'none', (client) => client.call(command as string, ...rest));
      await expect(probe).rejects.toThrow(/NOPERM/);
    });
  });

  describe('as a durable server', () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await start(DURABLE, 16);
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test('has every write that it answered after it was killed', async () => {
      await server.as('reranker', 'reranker', async (client) => {
        for (let n = 0; n < 500; n++) expect(await client.set(`rerank:${n}`, String(n))).toBe('OK');
      });
      await server.kill();
      await server.restart();
      const keys = Array.from({ length: 500 }, (_, n) => `rerank:${n}`);
      const values = await server.as('reranker', 'reranker', (client) => client.mget(keys));
      expect(values).toEqual(keys.map((_, n) => String(n)));
    });

    test('says that its log is on the disk with every write, and where its bound is', async () => {
      const info = await server.as('reranker', 'reranker', (client) => client.info());
      expect(info).toMatch(/^aof_enabled:1/m);
      expect(info).toMatch(/^maxmemory:8388608/m);
      expect(info).toMatch(/^maxmemory_policy:noeviction/m);
    });

    test('refuses to write when it is full, and forgets nothing', async () => {
      const fill = server.as('reranker', 'reranker', async (client) => {
        for (let n = 0; n < 40; n++) await client.set(`rerank:large:${n}`, 'x'.repeat(MEBIBYTE / 2));
      });
      await expect(fill).rejects.toThrow(/OOM/);
      expect(await server.as('reranker', 'reranker', (client) => client.exists('rerank:0', 'rerank:large:0'))).toBe(2);
    });
  });
});
