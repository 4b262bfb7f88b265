import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { endProcess } from './end-process.ts';
import type { Requirement } from './requirement.ts';

const HOW_TO_GET =
  'put nats-server 2.12 or newer on PATH, or name it in PENSTOCK_NATS_SERVER; `.ci/peers/nats.sh <folder>` installs it and prints its path';

const OLDEST = [2, 12] as const;
const POLL_MS = 20;
const READY_WITHIN_MS = 20_000;

/** The server to test against: PENSTOCK_NATS_SERVER, else `nats-server` on PATH; undefined when there is none recent enough. */
export function findNatsServer(): string | undefined {
  const named = process.env['PENSTOCK_NATS_SERVER'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  return (named === undefined ? onPath : [named]).find((path) => existsSync(path) && isRecent(path));
}

/** For `describeWith`. */
export const natsRequirement = (): Requirement => ({
  name: 'nats',
  available: findNatsServer() !== undefined,
  howToGet: HOW_TO_GET,
});

function isRecent(path: string): boolean {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /v(\d+)\.(\d+)\./.exec(stdout ?? '') ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
}

export interface NatsServerOptions {
  /** Whether every write is synced before it is confirmed, or by the server's default every 2 minutes. @default 'always' */
  readonly syncInterval?: 'always' | '2m';
  /** Whether it answers `/jsz` and its like at `monitoring`. @default false */
  readonly monitoring?: boolean;
}

/** One server with JetStream on a free port of the loopback, in a folder of its own. */
export class NatsServer implements AsyncDisposable {
  readonly #binary: string;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #port = -1;
  #monitoring = '';

  private constructor(binary: string, folder: string) {
    this.#binary = binary;
    this.#folder = folder;
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const binary = findNatsServer();
    if (binary === undefined) throw new Error(`no nats-server: ${HOW_TO_GET}`);
    const folder = await mkdtemp(join(tmpdir(), 'penstock-nats-'));
    const store = { store_dir: join(folder, 'data'), sync_interval: options.syncInterval ?? 'always' };
    await writeFile(
      join(folder, 'nats.conf'),
      JSON.stringify({ jetstream: store, ...(options.monitoring === true ? { http: '127.0.0.1:-1' } : {}) }),
    );
    const server = new NatsServer(binary, folder);
    await server.restart();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Host and port of its monitoring endpoint; empty without one. */
  get monitoring(): string {
    return this.#monitoring;
  }

  /** Starts it again on the same port with what is in its folder. */
  async restart(): Promise<void> {
    const { port } = this;
    const config = join(this.#folder, 'nats.conf');
    const child = spawn(this.#binary, ['-c', config, '-a', '127.0.0.1', '-p', port, '--ports_file_dir', this.#folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    let log = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
    });
    this.#port = await this.#readyPort(child, () => log);
  }

  /** As power loss of the process: nothing is flushed or said. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** What is on its disk is gone, as the disk itself; for a server that was killed. */
  async loseDisk(): Promise<void> {
    await rm(join(this.#folder, 'data'), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private get port(): string {
    return String(this.#port);
  }

  /** The server writes its ports to a file when it is ready; the file's name carries its process id. */
  async #readyPort(child: ChildProcess, log: () => string): Promise<number> {
    const file = join(this.#folder, `nats-server_${child.pid}.ports`);
    const deadline = performance.now() + READY_WITHIN_MS;
    while (performance.now() < deadline && child.exitCode === null) {
      const text = await readFile(file, 'utf8').catch(() => '');
      const ports = text.endsWith('}') ? (JSON.parse(text) as { nats: string[]; monitoring?: string[] }) : undefined;
      if (ports?.monitoring?.[0] !== undefined) this.#monitoring = new URL(ports.monitoring[0]).host;
      if (ports?.nats[0] !== undefined) return Number(new URL(ports.nats[0]).port);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    child.kill('SIGKILL');
    throw new Error(`nats-server is not ready:\n${log()}`);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    await endProcess(child, signal);
  }
}
