import { RedisServer } from './redis-server.ts';

export interface RedisBusServerOptions {
  /** @default - redis-server on the search path */
  readonly binary?: string | undefined;
  /** @default 'always' */
  readonly appendfsync?: 'always' | 'everysec';
  /** Lines of configuration beyond those. @default - none */
  readonly more?: readonly string[];
  /** Lines of the file of users. @default - one who may do everything */
  readonly users?: readonly string[];
}

/** A server as a queue wants it: every write on the disk before it is confirmed, and nothing evicted. */
export function startRedisForBus({
  binary,
  appendfsync,
  more,
  users,
}: RedisBusServerOptions = {}): Promise<RedisServer> {
  return RedisServer.start({
    binary,
    config: [
      'dir .',
      'aclfile users.acl',
      'save ""',
      'appendonly yes',
      `appendfsync ${appendfsync ?? 'always'}`,
      'maxmemory 256mb',
      'maxmemory-policy noeviction',
      ...(more ?? []),
    ].join('\n'),
    users: `${['user default on nopass ~* &* +@all', ...(users ?? [])].join('\n')}\n`,
    probe: 'default',
  });
}
