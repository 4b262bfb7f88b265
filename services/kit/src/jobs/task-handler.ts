import { Bytes, type BytesInput, type DurationInput } from '@penstock/model';
import { KitError } from '../errors.ts';
import { durationMs } from './backoff.ts';
import type { HandledJob, JobContext, JobHandler } from './job-context.ts';
import type { Task } from './task.ts';

/** How jobs of one task are done, whatever their types: they were checked where it was made. */
export interface TaskHandler {
  readonly task: Task;
  /** @param bytes of the payload as it is stored */
  run(job: HandledJob<unknown>, context: JobContext, bytes: number): Promise<unknown>;
}

/** Handles each job of a task on its own. */
export function handle<Payload, Result>(
  task: Task<string, Payload, Result>,
  handler: JobHandler<Payload, Result>,
): TaskHandler {
  return {
    task: task as Task,
    run: (job, context) => handler(job as HandledJob<Payload>, context),
  };
}

export interface BatchOptions {
  /** Jobs at most. A worker cannot fill it beyond its concurrency. */
  readonly size: number;
  /** How long the first job of a batch waits for others. */
  readonly within: DurationInput;
  /** Payloads together at most; one that is larger by itself makes a batch of one. @default - no bound */
  readonly bytes?: BytesInput;
}

export interface BatchedJob<Payload> {
  readonly job: HandledJob<Payload>;
  readonly context: JobContext;
}

/** Does the work of several jobs. What it returns stands for each job in turn: its result, or the error it failed with. */
export type BatchHandler<Payload, Result> = (
  batch: readonly BatchedJob<Payload>[],
) => Promise<readonly (Result | Error)[]>;

/** Handles jobs of a task together, each with an outcome of its own. Throwing fails all of a batch. */
export function handleBatches<Payload, Result>(
  task: Task<string, Payload, Result>,
  options: BatchOptions,
  handler: BatchHandler<Payload, Result>,
): TaskHandler {
  const lane = new BatchLane(options, handler as BatchHandler<unknown, unknown>);
  return { task: task as Task, run: (job, context, bytes) => lane.add({ job, context }, bytes) };
}

interface Place {
  readonly batched: BatchedJob<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class BatchLane {
  readonly #size: number;
  readonly #withinMs: number;
  readonly #mostBytes: number;
  readonly #handler: BatchHandler<unknown, unknown>;
  #places: Place[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ size, within, bytes }: BatchOptions, handler: BatchHandler<unknown, unknown>) {
    this.#size = size;
    this.#withinMs = durationMs(within);
    this.#mostBytes = bytes === undefined ? Number.POSITIVE_INFINITY : bytesOf(bytes);
    this.#handler = handler;
  }

  add(batched: BatchedJob<unknown>, bytes: number): Promise<unknown> {
    if (this.#bytes + bytes > this.#mostBytes) this.#send();
    return new Promise((resolve, reject) => {
      this.#places.push({ batched, resolve, reject });
      this.#bytes += bytes;
      if (this.#places.length >= this.#size) this.#send();
      else this.#timer ??= setTimeout(() => this.#send(), this.#withinMs);
    });
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Those that were cut off while they waited are settled already.
    const places = this.#places.filter(({ batched }) => !batched.context.signal.aborted);
    this.#places = [];
    this.#bytes = 0;
    if (places.length > 0) void this.#run(places);
  }

  async #run(places: readonly Place[]): Promise<void> {
    try {
      const outcomes = await this.#handler(places.map(({ batched }) => batched));
      if (outcomes.length !== places.length) {
        const message = `a batch of ${places.length} jobs came to ${outcomes.length} outcomes`;
        throw new KitError('batch-mismatched', message, {
          repair: 'return one result or error for each job, in order',
        });
      }
      for (const [index, { resolve, reject }] of places.entries()) {
        const outcome = outcomes[index];
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of places) reject(error);
    }
  }
}

const bytesOf = (input: BytesInput): number => (Bytes.is(input) ? input : Bytes.parse(input)).bytes;
