import type { Failure, Lease } from '../port.ts';
import { lost } from './faults.ts';
import { type ItemRecord, idOf, ownHeaders } from './item-record.ts';
import type { PartitionOwner } from './partition-owner.ts';

/**
 * The right to an item is the process's hold on its partition and, within it, this lease by the process's own clock. A
 * settlement is a commit that the broker refuses once the partition is somebody else's.
 */
export class KafkaLease implements Lease {
  readonly id: string;
  readonly attempt: number;
  readonly token: number;
  readonly #owner: PartitionOwner;
  readonly #record: ItemRecord;
  readonly #freed: (lease: KafkaLease) => void;
  #abort: AbortController | undefined;
  #expiresAt = 0;
  /** The same moment on a clock that nobody sets. */
  #deadline = 0;
  #state: 'held' | 'settled' | 'lost' = 'held';

  constructor(
    owner: PartitionOwner,
    record: ItemRecord,
    numbers: { readonly attempt: number; readonly token: number },
    freed: (lease: KafkaLease) => void,
  ) {
    this.#owner = owner;
    this.#record = record;
    this.#freed = freed;
    this.id = idOf(record);
    this.attempt = numbers.attempt;
    this.token = numbers.token;
    this.#startClock();
    owner.hold(record.offset, this);
  }

  get idempotencyKey(): string {
    return this.#record.key;
  }

  get payload(): Uint8Array {
    return this.#record.payload;
  }

  get headers(): Readonly<Record<string, string>> {
    return ownHeaders(this.#record.headers);
  }

  get publishedAt(): number {
    return this.#record.timestamp;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === 'lost') this.#abort.abort(lost(`item ${this.id}`));
    return this.#abort.signal;
  }

  /** @internal */
  get deadline(): number {
    return this.#deadline;
  }

  async extend(): Promise<void> {
    this.#checkHeld();
    this.#startClock();
  }

  async ack(): Promise<void> {
    return this.#settle(() => this.#owner.settle(this.#record));
  }

  async fail(failure: Failure): Promise<'retried' | 'dead-lettered'> {
    const { maxAttempts, backoffMs } = this.#owner.context.profile;
    return this.#settle(async () => {
      if (failure.retryable === false || this.attempt >= maxAttempts) {
        await this.#owner.bury(this.#record, failure);
        return 'dead-lettered';
      }
      const delayMs = failure.delayMs ?? backoffMs[Math.min(this.attempt, backoffMs.length) - 1] ?? 0;
      await this.#owner.putBack(this.#record, { failure, delayMs });
      return 'retried';
    });
  }

  async release(): Promise<void> {
    return this.#settle(() => this.#owner.putBack(this.#record, 'released'));
  }

  /** @internal Its time is over: the item is for the next one. */
  expire(): void {
    if (this.#state !== 'held') return;
    this.lose();
    this.#owner.putBack(this.#record, 'expired').catch(() => {});
  }

  /** @internal */
  lose(): void {
    if (this.#state === 'lost') return;
    this.#end('lost');
    this.#abort?.abort(lost(`item ${this.id}`));
  }

  async #settle<Result>(steps: () => Promise<Result>): Promise<Result> {
    this.#checkHeld();
    this.#end('settled');
    try {
      return await steps();
    } catch (error) {
      this.lose();
      throw lost(`item ${this.id}`, error);
    }
  }

  #end(state: 'settled' | 'lost'): void {
    const wasHeld = this.#state === 'held';
    this.#state = state;
    if (!wasHeld) return;
    this.#owner.letGo(this.#record.offset);
    this.#freed(this);
  }

  #checkHeld(): void {
    if (performance.now() >= this.#deadline) this.expire();
    if (this.#state !== 'held') throw lost(`item ${this.id}`);
  }

  #startClock(): void {
    const { ackWaitMs } = this.#owner.context.profile;
    this.#expiresAt = Date.now() + ackWaitMs;
    this.#deadline = performance.now() + ackWaitMs;
  }
}
