import type { QueueProfile } from '@penstock/model';
import type { Logger } from 'pino';
import type { Lease } from './bus/port.ts';
import { Deadline } from './deadline.ts';
import type { Handler, JobContext } from './worker.ts';

/**
 * One run of the handler on one lease. It ends with the handler or when it is cut off, whichever comes first: a handler
 * that ignores its signal must not hold up the loop. What a handler does not ask for is not made.
 */
export class Attempt implements JobContext {
  readonly lease: Lease;
  readonly #profile: QueueProfile;
  readonly #workerLog: Logger;
  readonly #cutOff = Promise.withResolvers<never>();
  #cutReason: { readonly reason: unknown } | undefined;
  #abort: AbortController | undefined;
  #log: Logger | undefined;

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

  /** Rejects with what the handler throws, or with the reason it was cut off for. */
  async run(handler: Handler): Promise<void> {
    const lost = this.lease.signal;
    const onLost = (): void => this.cutOff(lost.reason);
    if (lost.aborted) onLost();
    lost.addEventListener('abort', onLost, { once: true });
    try {
      await Promise.race([handler(this.lease, this), this.#cutOff.promise]);
    } finally {
      lost.removeEventListener('abort', onLost);
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
