import { Worker } from 'node:worker_threads';
import { KitError } from '@penstock/kit';
import type { Tokenized } from './embedder.ts';
import type { ModelReply, ModelRequest, ModelThreadData } from './model-thread.ts';

interface Pending {
  readonly resolve: (result: readonly never[]) => void;
  readonly reject: (error: KitError) => void;
}

type Ask =
  | { readonly kind: 'tokenize'; readonly texts: readonly string[] }
  | { readonly kind: 'embed'; readonly batch: readonly Tokenized[] };

const THREAD = new URL('./model-thread.ts', import.meta.url);

/** A thread that died is started again at once, and then ever more rarely while its model cannot be loaded. */
const RESPAWN_DELAYS_MS = [0, 1_000, 5_000, 30_000];

/**
 * The model in a thread of its own: the event loop keeps answering while it computes, and a crash takes only what it
 * was computing. A thread that dies is started again.
 */
export class ModelWorker {
  readonly #data: ModelThreadData;
  readonly #script: URL;
  readonly #pending = new Map<number, Pending>();
  #thread: Worker | undefined;
  #nextId = 1;
  #ready = false;
  #closed = false;
  #respawn: NodeJS.Timeout | undefined;

  private constructor(data: ModelThreadData, script: URL) {
    this.#data = data;
    this.#script = script;
  }

  /**
   * Resolves when the model is loaded and warm.
   *
   * @param script what the thread runs; speaks as `model-thread.ts` does
   * @throws {KitError} `model-missing` when it cannot be loaded
   */
  static async start(data: ModelThreadData, script: URL = THREAD): Promise<ModelWorker> {
    const worker = new ModelWorker(data, script);
    await worker.#spawn();
    return worker;
  }

  get ready(): boolean {
    return this.#ready;
  }

  tokenize(texts: readonly string[]): Promise<readonly Tokenized[]> {
    return this.#ask({ kind: 'tokenize', texts });
  }

  /** One vector a text, in order. @throws {KitError} `engine-failed` (retryable) */
  embed(batch: readonly Tokenized[]): Promise<readonly Float32Array[]> {
    return this.#ask({ kind: 'embed', batch });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#respawn);
    await this.#thread?.terminate();
  }

  #ask(ask: Ask): Promise<readonly never[]> {
    return new Promise((resolve, reject) => {
      if (!this.#ready) {
        reject(new KitError('engine-failed', 'the model is being loaded again'));
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#thread?.postMessage({ id, ...ask } satisfies ModelRequest);
    });
  }

  async #spawn(): Promise<void> {
    const thread = new Worker(this.#script, { workerData: this.#data });
    this.#thread = thread;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string, cause?: unknown): void =>
        reject(
          new KitError('model-missing', `the model cannot be loaded from ${this.#data.folder}: ${why}`, { cause }),
        );
      thread.once('message', () => resolve());
      // 'error' is followed by 'exit'; without a listener it would end the process.
      thread.on('error', (error) => fail(error.message, error));
      thread.once('exit', (code) => fail(`its thread ended with ${code}`));
    });
    this.#ready = true;
    thread.on('message', (reply: ModelReply) => this.#receive(reply));
    thread.once('exit', () => this.#died());
  }

  #receive(reply: ModelReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) pending?.resolve(reply.result as readonly never[]);
    else pending?.reject(new KitError('engine-failed', reply.message));
  }

  #died(): void {
    this.#ready = false;
    for (const { reject } of this.#pending.values()) reject(new KitError('engine-failed', 'the model thread died'));
    this.#pending.clear();
    this.#startAgain(0);
  }

  /** Until it is loaded again the service is not ready; its probe decides how long that may last. */
  #startAgain(tries: number): void {
    if (this.#closed) return;
    const delay = RESPAWN_DELAYS_MS[Math.min(tries, RESPAWN_DELAYS_MS.length - 1)];
    this.#respawn = setTimeout(() => this.#spawn().catch(() => this.#startAgain(tries + 1)), delay);
  }
}
