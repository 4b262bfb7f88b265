import { Worker } from 'node:worker_threads';
import { KitError, type KitErrorCode } from '../errors.ts';
import type { Batch, Fault, Reply } from './thread-port.ts';

interface Waiting<Result> {
  /** Undefined: done, with nothing to tell. */
  readonly resolve: (result: Result | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** So many operations share a commit that waiting for more would only keep the thread idle. */
const FULL_BATCH = 256;
/** Enough that the thread finds the next full batch when it has committed one. */
const MOST_SENT = 2;

/**
 * The event loop's side of a database file that one thread owns. Operations that arrive while a batch is being
 * committed form the next one: under load many share one fsync, and a lone one never waits for company.
 */
export class StoreClient<Op, Result> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting<Result>>();
  /** Called before each batch is sent, so that others can add what costs nothing extra in the same commit. */
  readonly #beforeBatch: () => void;
  #batch: Op[] = [];
  /** Id of the next operation; those of the batch are the ones just before. */
  #nextId = 1;
  /** Batches that are not answered yet. */
  #sent = 0;
  #scheduled = false;
  #closed: KitError | undefined;

  private constructor(worker: Worker, beforeBatch: () => void) {
    this.#worker = worker;
    this.#beforeBatch = beforeBatch;
    worker.on('message', (reply: Reply<Result>) => this.#receive(reply));
    worker.on('error', (error) =>
      this.#fail(new KitError('storage-failed', `the storage thread died: ${error.message}`, { cause: error })),
    );
    worker.on('exit', () => this.#fail(new KitError('bus-closed', 'the storage is closed')));
  }

  /**
   * Starts the thread and waits until it has opened its file.
   *
   * @throws {KitError} as the thread reports it: `storage-corrupt`, `storage-failed`, `queue-missing`
   */
  static async open<Op, Result>(
    thread: URL,
    workerData: unknown,
    beforeBatch: () => void = () => {},
  ): Promise<StoreClient<Op, Result>> {
    const worker = new Worker(thread, { workerData });
    const opened = await new Promise<Fault | 'open'>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error) =>
        resolve({ code: 'storage-failed', message: error.message, repair: undefined, retryAfterMs: undefined }),
      );
    });
    if (opened !== 'open') {
      await worker.terminate();
      throw errorOf(opened);
    }
    return new StoreClient(worker, beforeBatch);
  }

  /** Adds an operation to the next batch. @throws {KitError} what the thread reports; `bus-closed` */
  request(op: Op): Promise<Result | undefined> {
    return new Promise((resolve, reject) => this.send(op, { resolve, reject }));
  }

  /** As `request`, without a promise: for hot paths that have their own continuation. @returns the request's id */
  send(op: Op, waiting: Waiting<Result>): number {
    const id = this.#nextId++;
    if (this.#closed !== undefined) {
      waiting.reject(this.#closed);
      return id;
    }
    this.#waiting.set(id, waiting);
    this.#batch.push(op);
    if (this.#batch.length === FULL_BATCH && this.#sent < MOST_SENT) this.#flush();
    else this.schedule();
    return id;
  }

  /** Makes sure that a batch is sent soon, after everything that is ready to run now has added to it. */
  schedule(): void {
    if (this.#sent > 0 || this.#scheduled || this.#closed !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Sends what is left, waits for the answers and ends the thread. Operations that wait for work are rejected. */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return;
    while (this.#sent > 0 || this.#batch.length > 0) await new Promise((resolve) => setImmediate(resolve));
    this.#fail(new KitError('bus-closed', 'the storage is closed'));
    const gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('close');
    await gone;
  }

  #flush(): void {
    if (this.#closed !== undefined) return;
    this.#beforeBatch();
    if (this.#batch.length === 0) return;
    this.#sent += 1;
    const batch: Batch<Op> = { first: this.#nextId - this.#batch.length, ops: this.#batch };
    this.#batch = [];
    this.#worker.postMessage(batch);
  }

  #receive({ done, outcomes, batchDone }: Reply<Result>): void {
    for (const id of done) this.#take(id)?.resolve(undefined);
    for (const outcome of outcomes) {
      const waiting = this.#take(outcome.id);
      if (outcome.ok) waiting?.resolve(outcome.result);
      else waiting?.reject(errorOf(outcome.fault));
    }
    if (!batchDone) return;
    this.#sent -= 1;
    // Continuations of what was just settled run first and join the next batch.
    this.schedule();
  }

  #take(id: number): Waiting<Result> | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(error: KitError): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

export const errorOf = ({ code, message, repair, retryAfterMs }: Fault): KitError =>
  new KitError(code as KitErrorCode, message, {
    ...(repair === undefined ? {} : { repair }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
