import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { Consumption, Lease } from '../port.ts';
import type { OperationResult } from './operations.ts';
import type { Store } from './sqlite-bus.ts';
import { type LeaseOwner, SqliteLease } from './sqlite-lease.ts';

/**
 * One consumer's slots. A slot is counted as free from the moment its lease is being settled: the claim for its next
 * item rides in the same transaction as the settlement, so a cycle costs one commit.
 */
export class SqliteConsumption implements Consumption, LeaseOwner {
  readonly closed: Promise<void>;
  readonly #store: Store;
  readonly #queue: number;
  readonly #prefetch: number;
  readonly #onLease: (lease: Lease) => void;
  readonly #over: () => void;
  readonly #end = Promise.withResolvers<void>();
  readonly #held = new Set<SqliteLease>();
  readonly #sweep: NodeJS.Timeout;
  /** The claim that is under way or waits for items. */
  #claim: number | undefined;
  #stopping = false;
  /** Nothing is on its way any more. */
  #stopped = false;

  /** @param over called when it takes nothing more and holds nothing any more */
  constructor(
    store: Store,
    profile: QueueProfile,
    queue: number,
    { prefetch, onLease }: { readonly prefetch: number; readonly onLease: (lease: Lease) => void },
    over: () => void,
  ) {
    this.#store = store;
    this.#queue = queue;
    this.#prefetch = prefetch;
    this.#onLease = onLease;
    this.#over = over;
    this.closed = this.#end.promise;
    this.closed.catch(() => {});
    // A lease that nobody settles is over at its end: its slot is free again and its holder is told.
    this.#sweep = setInterval(() => this.#dropExpired(), Math.max(10, Math.min(profile.ackWaitMs / 4, 1_000)));
    this.#sweep.unref();
  }

  claimFreeSlots(): void {
    const free = this.#prefetch - this.#held.size;
    if (free <= 0 || this.#stopping || this.#claim !== undefined) return;
    this.#claim = this.#store.send(
      { kind: 'claim', queue: this.#queue, max: free },
      { resolve: (result) => this.#receive(result), reject: (error) => this.#refused(error) },
    );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    // A claim that took items meanwhile delivers them before its cancellation is answered.
    if (this.#claim !== undefined) await this.#store.request({ kind: 'cancel', claim: this.#claim }).catch(() => {});
    this.#stopped = true;
    this.#endWhenIdle();
    this.#end.resolve();
  }

  /** @internal A lease is settled or lost: its slot is free. */
  freed(lease: SqliteLease): void {
    this.#held.delete(lease);
    this.#store.schedule();
    this.#endWhenIdle();
  }

  #receive(result: OperationResult | undefined): void {
    this.#claim = undefined;
    const { claimed } = result as Extract<OperationResult, { kind: 'claimed' }>;
    const leases =
      claimed?.items.map((_, index) => new SqliteLease(this.#store, this, this.#queue, claimed, index)) ?? [];
    // All are out before the first is handed over: a handler that settles at once must not see free slots that are not.
    for (const lease of leases) this.#held.add(lease);
    for (const lease of leases) this.#onLease(lease);
    if (this.#held.size < this.#prefetch) this.#store.schedule();
  }

  /** A claim fails when the store is closed, or for a fault of the disk that may pass: then it is made again. */
  #refused(error: unknown): void {
    this.#claim = undefined;
    if (KitError.is(error) && error.retryable) {
      setTimeout(() => this.#store.schedule(), RETRY_MS).unref();
      return;
    }
    this.#stopped = true;
    this.#endWhenIdle();
    if (this.#stopping) this.#end.resolve();
    else this.#end.reject(error);
  }

  #dropExpired(): void {
    const now = Date.now();
    for (const lease of this.#held) if (lease.expiresAt <= now) lease.lose();
    this.#endWhenIdle();
  }

  /** The sweep is needed for as long as there are leases. */
  #endWhenIdle(): void {
    if (!this.#stopped || this.#held.size > 0) return;
    clearInterval(this.#sweep);
    this.#over();
  }
}

const RETRY_MS = 250;
