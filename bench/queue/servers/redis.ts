import { spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { freePorts } from '../../../test/helpers/free-ports.ts';
import { ChildServer, serverFolder } from './child-server.ts';

export const REDIS_SETTINGS = 'appendonly yes, appendfsync always, maxmemory-policy noeviction';

/** The version of `redis-server` on PATH; undefined without one. */
export function redisVersion(): string | undefined {
  return /v=([\d.]+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];
}

/** @throws {KitError} `bus-unreachable` */
export async function startRedis(): Promise<{ readonly server: ChildServer; readonly port: number }> {
  const folder = await serverFolder('redis');
  const [port = 0] = await freePorts(1);
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''];
  args.push('--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction');
  const server = await ChildServer.start('redis-server', args, { folder }, async () => {
    const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } finally {
      client.disconnect();
    }
  });
  return { server, port };
}
