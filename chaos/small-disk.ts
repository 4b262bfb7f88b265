import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { KitError } from '@penstock/kit';
import type { Plan } from './plan.ts';
import type { RunResult } from './run.ts';

const RUNS = fileURLToPath(new URL('./runs-in-folder.ts', import.meta.url));
const MOUNT = 'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@" "$0"';
const MOST_SAID = 20_000;

let known: boolean | undefined;

/** Whether this user may mount a disk in a namespace of its own. */
export function canMount(): boolean {
  known ??= spawnSync('unshare', ['-rm', 'true']).status === 0;
  return known;
}

/** A disk in memory that can be filled, in a process that alone sees it and performs runs there, one after the other. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #results: AsyncIterator<string>;
  #complaints = '';

  private constructor(folder: string) {
    this.#folder = folder;
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', RUNS];
    this.#process = spawn('unshare', ['-rm', 'sh', '-c', MOUNT, folder, ...command], { stdio: 'pipe' });
    // A process that is gone answers nothing, which is told of below.
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-MOST_SAID);
    });
    this.#results = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  static async open(): Promise<SmallDisk> {
    return new SmallDisk(await mkdtemp(join(tmpdir(), 'penstock-chaos-disk-')));
  }

  /** @throws {KitError} `storage-failed` where the process ended instead */
  async perform(plan: Plan): Promise<RunResult> {
    this.#process.stdin.write(`${JSON.stringify(plan)}\n`);
    const { done, value } = await this.#results.next();
    if (done === true) throw new KitError('storage-failed', `a run on a small disk said nothing: ${this.#complaints}`);
    return JSON.parse(value) as RunResult;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.stdin.end();
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
