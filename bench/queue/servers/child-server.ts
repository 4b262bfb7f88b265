import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KitError } from '@penstock/kit';
import { endProcess } from '../../../test/helpers/end-process.ts';

const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;

/** A folder of its own for one server, gone with it. */
export const serverFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `penstock-bench-${name}-`));

/** A server that lives as long as the benchmark. */
export class ChildServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #stopSignal: NodeJS.Signals;
  readonly #onExit = () => void this.#child.kill(this.#stopSignal);
  #log = '';

  private constructor(child: ChildProcess, folder: string, stopSignal: NodeJS.Signals) {
    this.#child = child;
    this.#folder = folder;
    this.#stopSignal = stopSignal;
    // A benchmark that crashes takes its servers along all the same.
    process.once('exit', this.#onExit);
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-4_000);
      });
  }

  /** @throws {KitError} `bus-unreachable` when `isReady` does not become true in time */
  static async start(
    command: string,
    args: readonly string[],
    options: SpawnOptions & { readonly folder: string; readonly stopSignal?: NodeJS.Signals },
    isReady: () => Promise<boolean>,
  ): Promise<ChildServer> {
    const { folder, stopSignal, ...spawnOptions } = options;
    const child = spawn(command, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new ChildServer(child, folder, stopSignal ?? 'SIGTERM');
    child.on('error', (error) => {
      server.#log += error.message;
    });
    const deadline = performance.now() + READY_WITHIN_MS;
    while (child.exitCode === null && child.pid !== undefined && performance.now() < deadline) {
      if (await isReady().catch(() => false)) return server;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await server[Symbol.asyncDispose]();
    throw new KitError('bus-unreachable', `${command} did not become ready:\n${server.#log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#child, this.#stopSignal);
    process.removeListener('exit', this.#onExit);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
