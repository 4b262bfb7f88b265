import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { endProcess } from './end-process.ts';
import { freePorts } from './free-ports.ts';
import type { Requirement } from './requirement.ts';

const BINARY = 'redis-server';
const READY_WITHIN_MS = 20_000;
const POLL_MS = 20;

/** For `describeWith`: Redis 7, which reads the configuration of Valkey. */
export const redisRequirement = (): Requirement => ({
  name: 'redis',
  available: /v=7\./.test(spawnSync(BINARY, ['--version'], { encoding: 'utf8' }).stdout ?? ''),
  howToGet: '`.ci/peers/redis.sh` installs Redis 7.0 from the distribution',
});

/** The server that PENSTOCK_VALKEY_SERVER names; undefined without one. */
export function findValkey(): string | undefined {
  const named = process.env['PENSTOCK_VALKEY_SERVER'];
  return named !== undefined && existsSync(named) ? named : undefined;
}

/** For `describeWith`. */
export const valkeyRequirement = (): Requirement => ({
  name: 'valkey',
  available: findValkey() !== undefined,
  howToGet:
    'name a valkey-server in PENSTOCK_VALKEY_SERVER; `.ci/peers/valkey.sh <folder>` installs one and prints its path',
});

export interface RedisServerOptions {
  /** @default - redis-server on the search path */
  readonly binary?: string | undefined;
  readonly config: string;
  /** The file of its users. */
  readonly users: string;
  /** One who may ask whether it is well; has no password. */
  readonly probe: string;
}

/** One server on a free port of the loopback, in a folder of its own. */
export class RedisServer implements AsyncDisposable {
  readonly #binary: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #probe: string;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(binary: string, folder: string, port: number, probe: string) {
    this.#binary = binary;
    this.#folder = folder;
    this.#port = port;
    this.#probe = probe;
  }

  static async start({ binary, config, users, probe }: RedisServerOptions): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-redis-'));
    // What belongs to this machine takes the place of the pod's paths.
    const here = { dir: folder, aclfile: join(folder, 'users.acl') };
    const text = Object.entries(here).reduce(
      (inner, [key, value]) => inner.replace(new RegExp(`^${key} .*$`, 'm'), `${key} ${value}`),
      config,
    );
    await writeFile(join(folder, 'valkey.conf'), text);
    await writeFile(join(folder, 'users.acl'), users);
    const [port = 0] = await freePorts(1);
    const server = new RedisServer(binary ?? BINARY, folder, port, probe);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Starts it again with what is in its folder. */
  async restart(): Promise<void> {
    const here = ['--port', String(this.#port), '--bind', '127.0.0.1'];
    const child = spawn(this.#binary, [join(this.#folder, 'valkey.conf'), ...here], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-10_000);
      });
    }
    const deadline = performance.now() + READY_WITHIN_MS;
    while (child.exitCode === null && performance.now() < deadline) {
      const answer = await this.as(this.#probe, 'none', (client) => client.ping()).catch(() => undefined);
      if (answer === 'PONG') return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await endProcess(child, 'SIGKILL');
    throw new Error(`redis-server is not ready:\n${this.#log}`);
  }

  /** Does something as a user; without one as whoever just connects. */
  async as<T>(user: string | undefined, password: string, work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis({
      host: '127.0.0.1',
      port: this.#port,
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      // Its timer outlives a connection that was refused.
      disconnectTimeout: POLL_MS,
      // It would ask how the server does, which nobody may who has not said who they are.
      ...(user === undefined ? { enableReadyCheck: false } : { username: user, password }),
    });
    client.on('error', () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  /** As power loss of the process: nothing is flushed or said. */
  async kill(): Promise<void> {
    await endProcess(this.#process, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#process, 'SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
