import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type DispatchedQueue, DispatchLane, type DispatchNumbers } from './dispatch-lane.ts';
import type { JobStore } from './job-store.ts';

export interface DispatcherOptions {
  readonly store: Pick<JobStore, 'run' | 'changed'>;
  readonly queues: readonly DispatchedQueue[];
  /** Unique to this life of this process. */
  readonly owner: string;
  readonly log: Logger;
  /** @default Date.now */
  readonly now?: () => number;
}

/** After a store that does not answer. */
const PAUSE_MS = 1_000;
const LONGEST_WAIT_MS = 5_000;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  setTimeout(ms, undefined, { signal }).catch(() => undefined);

/** Serves the queues of one store: each in its own rhythm, all woken by one change. */
export class Dispatcher implements AsyncDisposable {
  readonly #options: DispatcherOptions;
  readonly #now: () => number;
  readonly #lanes: readonly DispatchLane[];
  readonly #stop = new AbortController();
  #looping: Promise<void> | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { store, owner, log } = options;
    this.#lanes = options.queues.map((queue) => new DispatchLane(queue, { store, owner, log, now: this.#now }));
  }

  /** Of each queue, for metrics and scaling. */
  get numbers(): ReadonlyMap<string, DispatchNumbers> {
    return new Map(this.#lanes.map((lane) => [lane.queue, lane.numbers]));
  }

  start(): void {
    this.#looping ??= this.#loop();
  }

  /** Ends the turn under way and hands its queues over. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#looping;
    // Whoever follows need not wait for the lead to run out; when the store does not hear, it has to.
    await Promise.allSettled(this.#lanes.map((lane) => lane.resign()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const round = new AbortController();
      const either = AbortSignal.any([signal, round.signal]);
      // Listens before it looks: what changes meanwhile is not slept over.
      const change = this.#options.store.changed(LONGEST_WAIT_MS, either).catch((error: unknown) => {
        this.#options.log.warn(
          { err: error },
          'the store does not say when something changes; it is asked by the clock',
        );
        return pause(PAUSE_MS, either);
      });
      const times = await Promise.all(this.#lanes.map((lane) => this.#turn(lane)));
      const waitMs = Math.min(...times) - this.#now();
      if (waitMs > 0) await Promise.race([change, pause(waitMs, either)]);
      round.abort();
      await change;
    }
  }

  async #turn(lane: DispatchLane): Promise<number> {
    try {
      return await lane.turn();
    } catch (error) {
      this.#options.log.warn(
        { err: error, queue: lane.queue },
        'the store did not answer the dispatcher; it asks again',
      );
      return this.#now() + PAUSE_MS;
    }
  }
}
