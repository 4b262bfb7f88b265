import type { QueueProfile } from '@penstock/model';
import type { Logger } from 'pino';
import type { Lease } from './bus/port.ts';
import { Deadline } from './deadline.ts';
import { KitError } from './errors.ts';
import type { Handler, JobContext } from './worker.ts';

/**
 * One attempt at one lease. It ends with the handler or when it is cut off, whichever comes first: a handler that ignores
 * its signal must not hold up the loop. What a handler does not ask for is not made.
 *
 * A handler that was turned away by whom it called runs again within the same attempt, after the pause it was asked for:
 * nothing was done, so nothing failed, and as long as it waits its worker takes nothing else. Back-pressure goes on to
 * the queue, where work may wait; no item loses its attempts to an engine that is busy.
 */
export class Attempt implements JobContext {
  readonly lease: Lease;
  readonly #profile: QueueProfile;
  readonly #workerLog: Logger;
  readonly #cutOff = Promise.withResolvers<never>();
  #cutReason: { readonly reason: unknown } | undefined;
  #abort: AbortController | undefined;
  #log: Logger | undefined;
  #waits = false;

  constructor(lease: Lease, profile: QueueProfile, log: Logger) {
    this.lease = lease;
    this.#profile = profile;
    this.#workerLog = log;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#cutReason !== undefined) this.#abort.abort(this.#cutReason.reason);
    }
    return this.#abort.signal;
  }

  get deadline(): Deadline {
    return Deadline.at(this.lease.publishedAt + this.#profile.doneWithinMs);
  }

  get log(): Logger {
    this.#log ??= this.#workerLog.child({ item: this.lease.id, attempt: this.lease.attempt });
    return this.#log;
  }

  /** It was turned away, and waits to run again. */
  get waits(): boolean {
    return this.#waits;
  }

  /** Rejects with what the handler throws, or with the reason it was cut off for. */
  async run(handler: Handler): Promise<void> {
    const lost = this.lease.signal;
    const onLost = (): void => this.cutOff(lost.reason);
    if (lost.aborted) onLost();
    lost.addEventListener('abort', onLost, { once: true });
    try {
      while (!(await this.#ran(handler))) this.log.debug('turned away; runs again');
    } finally {
      lost.removeEventListener('abort', onLost);
    }
  }

  /** False when it was turned away and has waited for as long as it should. */
  async #ran(handler: Handler): Promise<boolean> {
    try {
      await Promise.race([handler(this.lease, this), this.#cutOff.promise]);
      return true;
    } catch (error) {
      if (this.#cutReason !== undefined || !KitError.isTurnedAway(error)) throw error;
      await this.#pause(Math.max(error.retryAfterMs ?? 0, this.#profile.backoffMs[0] ?? 0));
      return false;
    }
  }

  async #pause(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    this.#waits = true;
    try {
      await Promise.race([over.promise, this.#cutOff.promise]);
    } finally {
      this.#waits = false;
      clearTimeout(timer);
    }
  }

  /** Ends the run with this reason. What the handler still does has no effect. */
  cutOff(reason: unknown): void {
    if (this.#cutReason !== undefined) return;
    this.#cutReason = { reason };
    this.#abort?.abort(reason);
    // Nobody may be waiting any more.
    this.#cutOff.promise.catch(() => {});
    this.#cutOff.reject(reason);
  }
}

/** Why work was cut off when the drain time was over. */
export class DrainOver extends Error {
  override readonly name = 'DrainOver';
}
