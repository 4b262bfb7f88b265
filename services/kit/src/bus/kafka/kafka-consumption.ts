import type { KitError } from '../../errors.ts';
import type { Consumption, Lease } from '../port.ts';
import type { KafkaLease } from './kafka-lease.ts';

export interface ConsumptionOwner {
  /** It wants nothing more. Resolves when nothing is on its way. */
  stopped(consumption: KafkaConsumption): Promise<void>;
  changed(): void;
}

/** One taker of a queue's items in this process, with its bound. */
export class KafkaConsumption implements Consumption {
  readonly closed: Promise<void>;
  readonly #owner: ConsumptionOwner;
  readonly #prefetch: number;
  readonly #onLease: (lease: Lease) => void;
  readonly #end = Promise.withResolvers<void>();
  readonly #held = new Set<KafkaLease>();
  /** Taken, and not handed out before it is committed. */
  readonly #coming = new Set<Promise<void>>();
  #isStopping = false;

  constructor(owner: ConsumptionOwner, prefetch: number, onLease: (lease: Lease) => void) {
    this.#owner = owner;
    this.#prefetch = prefetch;
    this.#onLease = onLease;
    this.closed = this.#end.promise;
    this.closed.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#coming);
    await this.#owner.stopped(this);
    this.#end.resolve();
  }

  /** @internal The bus will not have it any more. */
  failed(error: KitError): void {
    this.#isStopping = true;
    this.#end.reject(error);
  }

  /** @internal */
  get hasRoom(): boolean {
    return !this.#isStopping && this.#held.size + this.#coming.size < this.#prefetch;
  }

  /** @internal */
  get isIdle(): boolean {
    return this.#isStopping && this.#held.size + this.#coming.size === 0;
  }

  /** @internal */
  get held(): Iterable<KafkaLease> {
    return this.#held;
  }

  /** @internal @param lease undefined when it was lost on its way */
  expect(lease: Promise<KafkaLease | undefined>): void {
    const coming = lease
      .then((came) => {
        this.#coming.delete(coming);
        if (came === undefined) return this.#owner.changed();
        this.#held.add(came);
        this.#onLease(came);
      })
      .catch(() => {});
    this.#coming.add(coming);
  }

  /** @internal */
  freed(lease: KafkaLease): void {
    this.#held.delete(lease);
    this.#owner.changed();
  }
}
