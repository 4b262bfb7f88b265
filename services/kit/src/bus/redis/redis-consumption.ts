import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { Consumption, Lease } from '../port.ts';
import type { RedisConnection } from './connection.ts';
import type { QueueKeys } from './queue-keys.ts';
import { type ClaimedItem, type LeaseOwner, moment, RedisLease } from './redis-lease.ts';
import { CLAIM } from './scripts.ts';

type Claimed = readonly [items: readonly ClaimedItem[], buried: number, dueInMs: number];

/** The longest that a bell which was not heard, or a lease that ran out, goes unnoticed. */
const LONGEST_SWEEP_MS = 1_000;

/**
 * One consumer's slots. It claims when a slot is free and the bell rang, when something handed back is due, and once a
 * sweep: the bell is heard only by who listens at that moment.
 */
export class RedisConsumption implements Consumption, LeaseOwner {
  readonly connection: RedisConnection;
  readonly keys: QueueKeys;
  readonly profile: QueueProfile;
  readonly closed: Promise<void>;
  readonly #prefetch: number;
  readonly #onLease: (lease: Lease) => void;
  readonly #over: () => void;
  readonly #end = Promise.withResolvers<void>();
  readonly #held = new Set<RedisLease>();
  readonly #sweep: NodeJS.Timeout;
  #claiming: Promise<void> | undefined;
  /** Something happened that the claim under way may not have seen. */
  #again = false;
  #scheduled = false;
  #due: NodeJS.Timeout | undefined;
  #stopping = false;

  /** @param over called when it takes nothing more and holds nothing any more */
  constructor(
    connection: RedisConnection,
    keys: QueueKeys,
    profile: QueueProfile,
    { prefetch, onLease }: { readonly prefetch: number; readonly onLease: (lease: Lease) => void },
    over: () => void,
  ) {
    this.connection = connection;
    this.keys = keys;
    this.profile = profile;
    this.#prefetch = prefetch;
    this.#onLease = onLease;
    this.#over = over;
    this.closed = this.#end.promise;
    this.closed.catch(() => {});
    const sweepMs = Math.max(10, Math.min(profile.ackWaitMs / 4, LONGEST_SWEEP_MS));
    this.#sweep = setInterval(() => this.#look(), sweepMs);
    this.#sweep.unref();
    this.#claim(true);
  }

  /** Settlements of one turn of the event loop share a claim, which goes out after them. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#claim(false);
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#due);
    // What a claim under way brings is handed out: it is leased by then.
    await this.#claiming;
    this.#endWhenIdle();
    this.#end.resolve();
  }

  /** @internal The bus is closing: nothing can be settled any more. */
  abandon(): void {
    for (const lease of this.#held) lease.lose();
  }

  /** @internal A lease is settled or lost: its slot is free. */
  freed(lease: RedisLease): void {
    this.#held.delete(lease);
    this.wake();
    this.#endWhenIdle();
  }

  #claim(lookForExpired: boolean): void {
    const free = this.#prefetch - this.#held.size;
    if (this.#stopping || free <= 0) return;
    if (this.#claiming !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#claiming = this.#claimOnce(free, lookForExpired).finally(() => {
      this.#claiming = undefined;
      this.#endWhenIdle();
      if (this.#again) this.wake();
    });
  }

  async #claimOnce(free: number, lookForExpired: boolean): Promise<void> {
    const { maxAckPending, ackWaitMs, maxAttempts, retentionMs, consumer, stream } = this.profile;
    const numbers = [free, maxAckPending, ackWaitMs, maxAttempts, retentionMs, lookForExpired ? 1 : 0].map(String);
    const claimedAt = moment();
    const over = JSON.stringify({ attempt: 0, at: claimedAt.at, reason: 'the retention of the queue is over' });
    try {
      const reply = await this.connection.run(CLAIM, `queue ${stream}`, this.keys.all, [consumer, ...numbers, over]);
      const [items, buried, dueInMs] = reply as unknown as Claimed;
      const leases = items.map((item) => new RedisLease(this, item, claimedAt));
      // All are out before the first is handed over: a handler that settles at once must not see free slots that are not.
      for (const lease of leases) this.#held.add(lease);
      for (const lease of leases) this.#onLease(lease);
      if (buried > 0) this.#again = true;
      this.#wakeIn(dueInMs);
    } catch (error) {
      this.#refused(error);
    }
  }

  #wakeIn(dueInMs: number): void {
    clearTimeout(this.#due);
    if (this.#stopping || dueInMs < 0 || dueInMs > LONGEST_SWEEP_MS) return;
    this.#due = setTimeout(() => this.wake(), Math.max(1, dueInMs));
    this.#due.unref();
  }

  /** A server that cannot be reached is asked again at the next sweep. */
  #refused(error: unknown): void {
    if (KitError.is(error) && error.retryable) return;
    const wasStopping = this.#stopping;
    this.#stopping = true;
    if (wasStopping) this.#end.resolve();
    else this.#end.reject(error);
  }

  #look(): void {
    for (const lease of this.#held) if (lease.isExpired) lease.lose();
    this.#claim(true);
  }

  /** The sweep is needed for as long as there are leases. */
  #endWhenIdle(): void {
    if (!this.#stopping || this.#claiming !== undefined || this.#held.size > 0) return;
    clearInterval(this.#sweep);
    this.#over();
  }
}
