import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import { withFailure } from '../attempt-history.ts';
import type { Failure, Lease } from '../port.ts';
import { lost } from './faults.ts';
import { tokenOf } from './fencing-token.ts';
import type { Item } from './item-message.ts';
import type { ItemStore } from './item-store.ts';
import type { Subscription } from './subscription.ts';

export interface LeaseOwner {
  readonly profile: QueueProfile;
  readonly store: ItemStore;
  /** It is settled or lost. */
  freed(lease: RabbitmqLease): void;
}

const RETRY_PAUSE_MS = 250;

/**
 * The server knows no end of a lease, so it runs by the clock of this process: once it is over, the item is stored anew
 * for the next one. A server that loses the connection gives the item to somebody else by itself, and counts that.
 */
export class RabbitmqLease implements Lease {
  readonly #owner: LeaseOwner;
  readonly #subscription: Subscription;
  readonly #deliveryTag: number;
  readonly #item: Item;
  #abort: AbortController | undefined;
  #expiresAt = 0;
  /** The same moment on a clock that nobody sets. */
  #deadline = 0;
  #state: 'held' | 'settling' | 'lost' = 'held';

  constructor(owner: LeaseOwner, subscription: Subscription, deliveryTag: number, item: Item) {
    this.#owner = owner;
    this.#subscription = subscription;
    this.#deliveryTag = deliveryTag;
    this.#item = item;
    this.#startClock();
  }

  get id(): string {
    return this.#item.id;
  }

  get idempotencyKey(): string {
    return this.#item.key;
  }

  get payload(): Uint8Array {
    return this.#item.payload;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#item.headers;
  }

  get attempt(): number {
    return this.#item.attempts + this.#item.losses + 1;
  }

  get token(): number {
    return tokenOf(this.#item);
  }

  get publishedAt(): number {
    return this.#item.publishedAt;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === 'lost') this.#abort.abort(lost(this.id));
    return this.#abort.signal;
  }

  /** @internal */
  get isExpired(): boolean {
    return performance.now() >= this.#deadline;
  }

  async extend(): Promise<void> {
    this.#checkHeld();
    const before = { at: Date.now(), clock: performance.now() };
    // The server holds it for as long as the channel lives.
    await this.#subscription.reach().catch((error: unknown) => {
      this.lose();
      throw lost(this.id, error);
    });
    this.#checkHeld();
    this.#startClock(before);
  }

  async ack(): Promise<void> {
    await this.#settle(() => this.#remove());
  }

  async fail({ reason, retryable, delayMs }: Failure): Promise<'retried' | 'dead-lettered'> {
    const { maxAttempts, backoffMs } = this.#owner.profile;
    const { attempt } = this;
    const isLast = retryable === false || attempt >= maxAttempts;
    const history = withFailure(this.#item.history, { attempt, at: Date.now(), reason });
    const item = { ...this.#item, attempts: attempt, history };
    return this.#settle(async () => {
      const { store } = this.#owner;
      const delay = delayMs ?? backoffMs[Math.min(attempt, backoffMs.length) - 1] ?? 0;
      await this.#insist((tries) => (isLast ? store.bury(item) : store.retry(item, delay, tries)));
      await this.#remove();
      return isLast ? 'dead-lettered' : 'retried';
    });
  }

  async release(): Promise<void> {
    const item = { ...this.#item, attempts: this.attempt - 1 };
    await this.#settle(async () => {
      await this.#insist((tries) => this.#owner.store.retry(item, 0, tries));
      await this.#remove();
    });
  }

  /** @internal Its time is over: the item is for the next one, for as long as it is still here. */
  async expire(): Promise<void> {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    this.#abort?.abort(lost(this.id));
    await this.giveUp(this.attempt);
  }

  /** @internal Stores the item for the next one, or buries it when its attempts are used up. */
  async giveUp(attempts: number): Promise<void> {
    if (this.#state === 'held') this.#state = 'settling';
    const item = { ...this.#item, attempts };
    try {
      // Where the server has given it to somebody else meanwhile, it is not here to be stored anew.
      await this.#subscription.reach();
      const { store, profile } = this.#owner;
      const isLast = attempts >= profile.maxAttempts;
      await this.#insist((tries) => (isLast ? store.bury(item) : store.retry(item, item.dueAt - Date.now(), tries)));
      await this.#remove();
    } catch {
      await this.#subscription.close();
    } finally {
      this.#owner.freed(this);
    }
  }

  /** @internal The lease is over without having been settled. */
  lose(): void {
    if (this.#state === 'lost') return;
    const wasHeld = this.#state === 'held';
    this.#state = 'lost';
    if (wasHeld) this.#owner.freed(this);
    this.#abort?.abort(lost(this.id));
  }

  async #settle<Result>(steps: () => Promise<Result>): Promise<Result> {
    this.#checkHeld();
    this.#state = 'settling';
    try {
      return await steps();
    } catch (error) {
      // What was handed back on its own, a server from 4.3 on would not count as a loss.
      void this.#subscription.close();
      this.lose();
      throw lost(this.id, error);
    } finally {
      this.#owner.freed(this);
    }
  }

  /** Says it again for as long as the item is here: a full server gets room again. */
  async #insist(store: (tries: number) => Promise<void>): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await store(tries);
      } catch (error) {
        if (!KitError.is(error) || !error.retryable) throw error;
        if (this.#subscription.isOpen) await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
        // Somebody else has it, or will.
        if (!this.#subscription.isOpen) throw error;
      }
    }
  }

  /** The server fills the slot as soon as it has read this. */
  #remove(): Promise<void> {
    const read = this.#subscription.ack(this.#deliveryTag);
    this.#owner.freed(this);
    return read;
  }

  #checkHeld(): void {
    if (this.#state === 'held' && !this.#subscription.isOpen) this.lose();
    if (this.isExpired) void this.expire();
    if (this.#state !== 'held') throw lost(this.id);
  }

  #startClock({ at, clock } = { at: Date.now(), clock: performance.now() }): void {
    const { ackWaitMs } = this.#owner.profile;
    this.#expiresAt = at + ackWaitMs;
    this.#deadline = clock + ackWaitMs;
  }
}
