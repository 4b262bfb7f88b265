import { type ChildProcess, fork } from 'node:child_process';
import { KitError } from '@penstock/kit';

export interface ModelRequest {
  readonly id: number;
  readonly batch: readonly unknown[];
}

export type ModelReply =
  | 'ready'
  | { readonly id: number; readonly ok: true; readonly outputs: readonly unknown[] }
  | { readonly id: number; readonly ok: false; readonly message: string };

export interface ModelProcessOptions {
  /** What it runs; answers as `model-main.ts` does. */
  readonly script: URL;
  readonly args: readonly string[];
  /** Called when it is ready, each time. */
  readonly onReady: () => void;
}

interface Pending {
  readonly resolve: (outputs: readonly unknown[]) => void;
  readonly reject: (error: KitError) => void;
}

/** One that died is started again at once, and then ever more rarely while its model cannot be loaded. */
const RESPAWN_DELAYS_MS = [0, 1_000, 5_000, 30_000];
/** Nobody waits for what it computes any more; one that has not ended it by then hangs. */
const HANGS_AFTER_MS = 5_000;
/** Of what it said before it died. */
const LAST_WORDS = 2_000;

/**
 * A model in a process of its own: the event loop keeps answering while it computes, and what native code does to its
 * process, a segmentation fault or too much memory, takes only what it was computing. It is started again.
 */
export class ModelProcess {
  readonly #options: ModelProcessOptions;
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | undefined;
  #nextId = 1;
  #ready = false;
  #closed = false;
  #respawn: NodeJS.Timeout | undefined;

  constructor(options: ModelProcessOptions) {
    this.#options = options;
  }

  /** Resolves when the model is loaded. @throws {KitError} `model-missing` when it cannot be */
  async start(): Promise<void> {
    const { script, args, onReady } = this.#options;
    // In a group of its own: an interrupt from a terminal is for the service, which lets it finish what it computes.
    const child = fork(script, args, {
      serialization: 'advanced',
      detached: true,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#child = child;
    let lastWords = '';
    child.stderr?.on('data', (data: Buffer) => {
      process.stderr.write(data);
      lastWords = (lastWords + data.toString()).slice(-LAST_WORDS);
    });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.on('error', (cause) => reject(new KitError('model-missing', 'its process cannot be started', { cause })));
      child.once('close', (code, signal) =>
        reject(
          new KitError('model-missing', `the model cannot be loaded: ${endOf(code, signal)}; ${lastWords.trim()}`),
        ),
      );
    });
    this.#ready = true;
    child.on('message', (reply: ModelReply) => this.#receive(reply));
    child.once('exit', (code, signal) => this.#died(endOf(code, signal)));
    onReady();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /**
   * One output an input, in order.
   *
   * @param signal aborts when nobody waits any more; a process that goes on for long after that is ended
   * @throws {KitError} `engine-failed` (retryable)
   */
  async run(batch: readonly unknown[], signal: AbortSignal): Promise<readonly unknown[]> {
    let hangs: NodeJS.Timeout | undefined;
    const watch = (): void => {
      hangs = setTimeout(() => this.#child?.kill('SIGKILL'), HANGS_AFTER_MS);
    };
    signal.addEventListener('abort', watch, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        const id = this.#nextId++;
        this.#pending.set(id, { resolve, reject });
        this.#child?.send({ id, batch } satisfies ModelRequest, (error) => {
          if (error !== null && this.#pending.delete(id))
            reject(new KitError('engine-failed', 'the process of the model is gone', { cause: error }));
        });
      });
    } finally {
      clearTimeout(hangs);
      signal.removeEventListener('abort', watch);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#respawn);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  #receive(reply: ModelReply): void {
    if (reply === 'ready') return;
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) pending?.resolve(reply.outputs);
    else pending?.reject(new KitError('engine-failed', reply.message));
  }

  #died(how: string): void {
    this.#ready = false;
    for (const { reject } of this.#pending.values())
      reject(new KitError('engine-failed', `the process of the model died: ${how}`));
    this.#pending.clear();
    this.#startAgain(0);
  }

  /** Until it is loaded again it is not ready; the probe of the service decides how long that may last. */
  #startAgain(tries: number): void {
    if (this.#closed) return;
    const delay = RESPAWN_DELAYS_MS[Math.min(tries, RESPAWN_DELAYS_MS.length - 1)];
    this.#respawn = setTimeout(() => this.start().catch(() => this.#startAgain(tries + 1)), delay);
  }
}

const endOf = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `it ended with ${code}` : `it was ended by ${signal}`;
