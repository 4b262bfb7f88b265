import type { QueueProfile } from '@penstock/model';
import type { AsyncMessage } from 'rabbitmq-client';
import { KitError } from '../../errors.ts';
import type { Consumption, Lease } from '../port.ts';
import type { Link } from './connection.ts';
import { decodeItem } from './item-message.ts';
import type { ItemStore } from './item-store.ts';
import type { RabbitmqNames } from './names.ts';
import { type LeaseOwner, RabbitmqLease } from './rabbitmq-lease.ts';
import { Subscription, type Taker } from './subscription.ts';

const RENEW_PAUSE_MS = 250;
const LONGEST_SWEEP_MS = 1_000;
/** A server that has just come back may not know yet what it has. */
const ABSENCES_BELIEVED = 3;

/** One consumer's slots: as many as the server sends without a settlement. */
export class RabbitmqConsumption implements Consumption, LeaseOwner, Taker {
  readonly profile: QueueProfile;
  readonly store: ItemStore;
  readonly prefetch: number;
  readonly closed: Promise<void>;
  readonly #link: Link;
  readonly #names: RabbitmqNames;
  readonly #onLease: (lease: Lease) => void;
  readonly #over: () => void;
  readonly #end = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  /** By lease: where it came from. */
  readonly #held = new Map<RabbitmqLease, Subscription>();
  readonly #sweep: NodeJS.Timeout;
  readonly #running: Promise<void>;
  #subscription: Subscription | undefined;
  #stopped = false;

  /** @param over called when it takes nothing more and holds nothing any more */
  constructor(
    link: Link,
    names: RabbitmqNames,
    store: ItemStore,
    profile: QueueProfile,
    { prefetch, onLease }: { readonly prefetch: number; readonly onLease: (lease: Lease) => void },
    over: () => void,
  ) {
    this.#link = link;
    this.#names = names;
    this.store = store;
    this.profile = profile;
    this.prefetch = prefetch;
    this.#onLease = onLease;
    this.#over = over;
    this.closed = this.#end.promise;
    this.closed.catch(() => {});
    this.#sweep = setInterval(() => this.#look(), Math.max(10, Math.min(profile.ackWaitMs / 4, LONGEST_SWEEP_MS)));
    this.#sweep.unref();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#stopped = true;
    this.#endWhenIdle();
    this.#end.resolve();
  }

  /** @internal The bus is closing: nothing can be settled any more. */
  abandon(): void {
    for (const lease of [...this.#held.keys()]) lease.lose();
  }

  /** @internal */
  get held(): number {
    return this.#held.size;
  }

  /** @internal */
  freed(lease: RabbitmqLease): void {
    this.#held.delete(lease);
    this.#endWhenIdle();
  }

  /** @internal */
  receive(subscription: Subscription, message: AsyncMessage): void {
    const item = decodeItem(message);
    const lease = new RabbitmqLease(this, subscription, message.deliveryTag, item);
    const made = lease.attempt - 1;
    this.#held.set(lease, subscription);
    if (made >= this.profile.maxAttempts || item.dueAt > Date.now()) void lease.giveUp(made);
    else this.#onLease(lease);
  }

  /** Takes by one subscription after the other until it is stopped, or refused for good. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const stopping = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    for (let absences = 0; !signal.aborted; ) {
      try {
        this.#subscription = await Subscription.open(this.#link, this.#names, this);
        absences = 0;
        await Promise.race([this.#subscription.ended, stopping]);
        if (signal.aborted) await this.#subscription.cancel();
        else await this.#giveUp(this.#subscription);
      } catch (error) {
        absences = KitError.is(error, 'queue-missing') ? absences + 1 : 0;
        const isFinal = KitError.is(error) && !error.retryable && (absences === 0 || absences > ABSENCES_BELIEVED);
        if (isFinal) return this.#failed(error);
      }
      if (!signal.aborted) await Promise.race([pause(RENEW_PAUSE_MS), stopping]);
    }
  }

  #failed(error: KitError): void {
    this.#stopped = true;
    this.#endWhenIdle();
    this.#end.reject(error);
  }

  /** Its deliveries are for others now. */
  async #giveUp(subscription: Subscription): Promise<void> {
    for (const [lease, from] of [...this.#held]) if (from === subscription) lease.lose();
    await subscription.close();
  }

  #look(): void {
    for (const [lease, from] of [...this.#held]) {
      if (!from.isOpen) lease.lose();
      else if (lease.isExpired) void lease.expire();
    }
  }

  /** The channel is needed for as long as there are leases. */
  #endWhenIdle(): void {
    if (!this.#stopped || this.#held.size > 0) return;
    clearInterval(this.#sweep);
    void this.#subscription?.close();
    this.#over();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
