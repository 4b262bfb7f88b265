import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcess } from './end-process.ts';
import { freePorts } from './free-ports.ts';
import { findNatsServer } from './nats-server.ts';

const SERVERS = 3;
const READY_WITHIN_MS = 30_000;

/**
 * Three servers by one configuration as it lies on Kubernetes. What differs here is where they are: addresses, ports,
 * folders. Their names and zones come by the same variables.
 */
export class NatsClusterOnLoopback {
  readonly addresses: string[];
  /** Where servers find each other, in the order of their names. */
  readonly routes: readonly number[];
  readonly #processes = new Map<string, ChildProcess>();

  readonly #folder: string;
  readonly #monitors: readonly number[];

  private constructor(folder: string, addresses: string[], routes: readonly number[], monitors: readonly number[]) {
    this.#folder = folder;
    this.addresses = addresses;
    this.routes = routes;
    this.#monitors = monitors;
  }

  static async start(config: string, folder: string): Promise<NatsClusterOnLoopback> {
    const ports = await freePorts(SERVERS * 3);
    const portOf = (server: number, kind: 0 | 1 | 2): number => ports[server * 3 + kind] as number;
    const portsOf = (kind: 0 | 1 | 2): number[] => Array.from({ length: SERVERS }, (_, server) => portOf(server, kind));
    const addresses = portsOf(0).map((port) => `localhost:${port}`);
    const cluster = new NatsClusterOnLoopback(folder, addresses, portsOf(1), portsOf(2));
    for (let server = 0; server < SERVERS; server += 1) {
      const own = join(folder, `nats-${server}`);
      await mkdir(own, { recursive: true });
      const placed = config
        .replaceAll(
          /nats:\/\/nats-(\d)\.nats-headless:6222/g,
          (_, n: string) => `nats://localhost:${portOf(Number(n), 1)}`,
        )
        .replace('"port": 4222', `"host": "127.0.0.1", "port": ${portOf(server, 0)}`)
        .replace('"port": 6222', `"host": "127.0.0.1", "port": ${portOf(server, 1)}`)
        .replace('"http_port": 8222', `"http": "127.0.0.1:${portOf(server, 2)}"`)
        .replaceAll('/etc/nats-tls/', `${folder}/`)
        .replace('"/data"', JSON.stringify(join(own, 'data')))
        .replace('"/var/run/nats/nats.pid"', JSON.stringify(join(own, 'nats.pid')));
      await writeFile(join(own, 'nats.conf'), placed);
      cluster.#launch(server);
    }
    await Promise.all(Array.from({ length: SERVERS }, (_, server) => cluster.#untilHealthy(server)));
    return cluster;
  }

  /** Tries until it succeeds: a cluster elects its leaders in its own time. */
  async untilReady<T>(attempt: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** As the reloader does when a certificate was renewed. */
  reload(): void {
    for (const child of this.#processes.values()) child.kill('SIGHUP');
  }

  /** As power loss of one server. */
  async kill(name: string): Promise<void> {
    await this.#end(name, 'SIGKILL');
  }

  /** Starts a server again with what is in its folder. */
  async restart(name: string): Promise<void> {
    const server = Number(name.at(-1));
    this.#launch(server);
    await this.#untilHealthy(server);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((name) => this.#end(name, 'SIGTERM')));
  }

  #launch(server: number): void {
    const own = join(this.#folder, `nats-${server}`);
    const env = { SERVER_NAME: `nats-${server}`, ZONE_TAG: `az:zone-${server}` };
    const child = spawn(findNatsServer() as string, ['-c', join(own, 'nats.conf'), '-l', join(own, 'log')], {
      env,
      stdio: 'ignore',
    });
    this.#processes.set(`nats-${server}`, child);
  }

  #untilHealthy(server: number): Promise<void> {
    return this.untilReady(async () => {
      const { ok } = await fetch(`http://127.0.0.1:${this.#monitors[server]}/healthz`);
      if (!ok) throw new Error('not healthy yet');
    });
  }

  async #end(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#processes.get(name);
    this.#processes.delete(name);
    await endProcess(child, signal);
  }
}
