import { type Deadline, KitError } from '@penstock/kit';
import { nextBatch, type Waiting } from './batcher.ts';
import type { Tokenized } from './embedder.ts';

/** What computes a batch. */
export interface BatchExecutor {
  embed(batch: readonly Tokenized[]): Promise<readonly Float32Array[]>;
}

export interface EmbeddingQueueOptions {
  readonly executor: BatchExecutor;
  /** Tokens of one forward pass, padding included. */
  readonly maxBatchTokens: number;
  /** Tokens waiting at most. */
  readonly maxQueueTokens: number;
  /** Called after each batch, for metrics. */
  readonly onBatch?: (batch: BatchReport) => void;
}

export interface BatchReport {
  readonly size: number;
  readonly tokens: number;
  /** Tokens computed, padding included. */
  readonly paddedTokens: number;
  readonly seconds: number;
}

interface Entry extends Waiting {
  readonly text: Tokenized;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Weight of the newest batch in the running estimate of the speed. */
const SMOOTHING = 0.2;

/**
 * Deadline-first admission and token-capped batching in front of one model. A lone text starts at once; while a batch
 * runs, the next one gathers.
 */
export class EmbeddingQueue {
  readonly #options: EmbeddingQueueOptions;
  #waiting: Entry[] = [];
  #waitingTokens = 0;
  #running = false;
  /** Tokens of the batch that is computed now. */
  #runningTokens = 0;
  #secondsPerToken: number | undefined;

  constructor(options: EmbeddingQueueOptions) {
    this.#options = options;
  }

  get waitingTokens(): number {
    return this.#waitingTokens;
  }

  /** Time until a text that comes now would be done, by the speed seen so far; 0 before the first batch. */
  estimateMs(tokens: number): number {
    return (this.#secondsPerToken ?? 0) * (this.#runningTokens + this.#waitingTokens + tokens) * 1_000;
  }

  /**
   * All or nothing for the texts of one request.
   *
   * @throws {KitError} `engine-overloaded` when there is no room or the deadline cannot be kept, `deadline-exceeded`
   *   when it is over
   */
  async embed(texts: readonly Tokenized[], deadline: Deadline, signal?: AbortSignal): Promise<readonly Float32Array[]> {
    // A signal that fired while the text was being cut into tokens tells no listener any more.
    signal?.throwIfAborted();
    const tokens = texts.reduce((sum, text) => sum + text.tokens, 0);
    this.#admit(tokens, deadline);
    const entries: Entry[] = [];
    const vectors = texts.map(
      (text) =>
        new Promise<Float32Array>((resolve, reject) => {
          entries.push({ text, tokens: text.tokens, deadlineAt: deadline.at, resolve, reject });
        }),
    );
    this.#waiting.push(...entries);
    this.#waitingTokens += tokens;
    // Who does not wait for the answer any more frees its place; a batch that runs is not stopped.
    const leave = (): void => this.#drop(new Set(entries), signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    this.#run();
    try {
      return await Promise.all(vectors);
    } finally {
      signal?.removeEventListener('abort', leave);
      this.#drop(new Set(entries), new KitError('engine-failed', 'another text of the request failed'));
    }
  }

  #admit(tokens: number, deadline: Deadline): void {
    if (deadline.remainingMs === 0) throw new KitError('deadline-exceeded', 'the deadline was over on arrival');
    // An empty queue takes any request: otherwise one that is larger than the queue could never be served.
    if (this.#waitingTokens > 0 && this.#waitingTokens + tokens > this.#options.maxQueueTokens) {
      throw new KitError(
        'engine-overloaded',
        `${this.#waitingTokens} tokens wait, ${this.#options.maxQueueTokens} is the most`,
      );
    }
    // An idle engine tries: an estimate that one slow batch has spoilt could not mend if everybody were refused.
    const isBusy = this.#runningTokens + this.#waitingTokens > 0;
    const estimate = this.estimateMs(tokens);
    if (isBusy && estimate > deadline.remainingMs) {
      throw new KitError(
        'engine-overloaded',
        `would take about ${Math.ceil(estimate)} ms, ${Math.floor(deadline.remainingMs)} ms are left`,
      );
    }
  }

  #run(): void {
    if (this.#running || this.#waiting.length === 0) return;
    this.#running = true;
    // Requests of the same turn of the event loop share the first batch.
    setImmediate(async () => {
      this.#dropLate();
      const picked = new Set(
        nextBatch(this.#waiting, this.#options.maxBatchTokens).map((n) => this.#waiting[n] as Entry),
      );
      this.#remove(picked);
      this.#runningTokens = [...picked].reduce((sum, { tokens }) => sum + tokens, 0);
      if (picked.size > 0) await this.#execute([...picked]);
      this.#runningTokens = 0;
      this.#running = false;
      this.#run();
    });
  }

  async #execute(batch: readonly Entry[]): Promise<void> {
    const startedAt = performance.now();
    try {
      const vectors = await this.#options.executor.embed(batch.map(({ text }) => text));
      for (const [n, { resolve }] of batch.entries()) resolve(vectors[n] as Float32Array);
    } catch (error) {
      const [only, ...others] = batch;
      if (only === undefined) return;
      if (others.length === 0) {
        only.reject(error);
        return;
      }
      // One text may have broken the batch: halves find it, and the others get their answers.
      const half = Math.ceil(batch.length / 2);
      await this.#execute(batch.slice(0, half));
      await this.#execute(batch.slice(half));
      return;
    }
    this.#learn(batch, (performance.now() - startedAt) / 1_000);
  }

  #learn(batch: readonly Entry[], seconds: number): void {
    const tokens = batch.reduce((sum, { tokens: n }) => sum + n, 0);
    const paddedTokens = batch.length * Math.max(...batch.map(({ tokens: n }) => n));
    const observed = seconds / tokens;
    this.#secondsPerToken =
      this.#secondsPerToken === undefined
        ? observed
        : this.#secondsPerToken + SMOOTHING * (observed - this.#secondsPerToken);
    this.#options.onBatch?.({ size: batch.length, tokens, paddedTokens, seconds });
  }

  #dropLate(): void {
    const late = this.#waiting.filter(({ deadlineAt }) => deadlineAt <= Date.now());
    this.#drop(new Set(late), new KitError('deadline-exceeded', 'the deadline passed while waiting'));
  }

  #drop(entries: ReadonlySet<Entry>, reason: unknown): void {
    const dropped = this.#waiting.filter((entry) => entries.has(entry));
    this.#remove(new Set(dropped));
    for (const { reject } of dropped) reject(reason);
  }

  #remove(entries: ReadonlySet<Entry>): void {
    this.#waiting = this.#waiting.filter((entry) => !entries.has(entry));
    this.#waitingTokens = this.#waiting.reduce((sum, { tokens }) => sum + tokens, 0);
  }
}
