import type { ModelFiles } from '../models/embedder.ts';
import type { BatchExecutor } from '../scheduling/batch-scheduler.ts';
import type { ModelPart } from './model-main.ts';
import { ModelProcess } from './model-process.ts';

export interface ModelPoolOptions {
  readonly part: ModelPart;
  readonly files: ModelFiles;
  /** Batches computed beside each other, each in a process with the whole model. */
  readonly processes: number;
  /** What they run. @default - `model-main.ts` */
  readonly script?: URL;
}

const SCRIPT = new URL('./model-main.ts', import.meta.url);

/** A part of a model in some processes. While one that died is loaded again, what it should compute waits. */
export class ModelPool<Input, Output> implements BatchExecutor<Input, Output> {
  readonly lanes: number;
  readonly #processes: readonly ModelProcess[];
  readonly #idle = new Set<ModelProcess>();
  readonly #waiting: ((process: ModelProcess) => void)[] = [];

  private constructor({ part, files, processes, script = SCRIPT }: ModelPoolOptions) {
    this.lanes = processes;
    this.#processes = Array.from({ length: processes }, () => {
      const process: ModelProcess = new ModelProcess({
        script,
        args: [part, JSON.stringify(files)],
        onReady: () => this.#give(process),
      });
      return process;
    });
  }

  /** Resolves when all are loaded. @throws {KitError} `model-missing` when one cannot be */
  static async start<Input, Output>(options: ModelPoolOptions): Promise<ModelPool<Input, Output>> {
    const pool = new ModelPool<Input, Output>(options);
    try {
      await Promise.all(pool.#processes.map((process) => process.start()));
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  /** At least one of them computes. */
  get ready(): boolean {
    return this.#processes.some(({ ready }) => ready);
  }

  async run(batch: readonly Input[], signal: AbortSignal): Promise<readonly Output[]> {
    const process = await this.#take(signal);
    try {
      // It may have fired between the two turns.
      signal.throwIfAborted();
      return (await process.run(batch, signal)) as readonly Output[];
    } finally {
      // One that died gives itself back when it is loaded again.
      if (process.ready) this.#give(process);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.close()));
  }

  #take(signal: AbortSignal): Promise<ModelProcess> {
    signal.throwIfAborted();
    for (const process of this.#idle) {
      this.#idle.delete(process);
      if (process.ready) return Promise.resolve(process);
    }
    return new Promise((resolve, reject) => {
      const take = (process: ModelProcess): void => {
        signal.removeEventListener('abort', leave);
        resolve(process);
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(take);
    });
  }

  #give(process: ModelProcess): void {
    const take = this.#waiting.shift();
    if (take === undefined) this.#idle.add(process);
    else take(process);
  }
}
