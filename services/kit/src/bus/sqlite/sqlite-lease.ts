import { KitError } from '../../errors.ts';
import type { Failure, Lease } from '../port.ts';
import { type ClaimedItems, headersOf, type Operation, type OperationResult } from './operations.ts';
import type { Store } from './sqlite-bus.ts';

export interface LeaseOwner {
  freed(lease: SqliteLease): void;
}

export class SqliteLease implements Lease {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly payload: Uint8Array;
  readonly attempt: number;
  readonly token: number;
  readonly publishedAt: number;
  readonly #store: Store;
  readonly #owner: LeaseOwner;
  readonly #queue: number;
  readonly #item: number;
  readonly #headers: string | null;
  #expiresAt: number;
  #abort: AbortController | undefined;
  #state: 'held' | 'settling' | 'lost' = 'held';

  /** The lease of one item of a claim. */
  constructor(store: Store, owner: LeaseOwner, queue: number, claimed: ClaimedItems, index: number) {
    this.#store = store;
    this.#owner = owner;
    this.#queue = queue;
    this.#item = claimed.items[index] as number;
    this.#headers = claimed.headers[index] as string | null;
    this.#expiresAt = claimed.expiresAt;
    this.id = String(this.#item);
    this.idempotencyKey = claimed.keys[index] as string;
    this.payload = claimed.payloads.subarray(claimed.ends[index - 1] ?? 0, claimed.ends[index]);
    this.attempt = claimed.attempts[index] as number;
    this.token = claimed.token;
    this.publishedAt = claimed.publishedAt[index] as number;
  }

  get headers(): Readonly<Record<string, string>> {
    return headersOf(this.#headers);
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === 'lost') this.#abort.abort(this.#lost());
    return this.#abort.signal;
  }

  async extend(): Promise<void> {
    if (this.#state !== 'held') throw this.#lost();
    try {
      const result = await this.#store.request({
        kind: 'extend',
        queue: this.#queue,
        item: this.#item,
        token: this.token,
      });
      this.#expiresAt = (result as Extract<OperationResult, { kind: 'extended' }>).expiresAt;
    } catch (error) {
      if (KitError.is(error, 'lease-lost')) this.lose();
      throw error;
    }
  }

  async ack(): Promise<void> {
    await this.#settle({ kind: 'ack', item: this.#item, token: this.token });
  }

  async release(): Promise<void> {
    await this.#settle({ kind: 'release', item: this.#item, token: this.token });
  }

  async fail({ reason, retryable, delayMs }: Failure): Promise<'retried' | 'dead-lettered'> {
    const result = await this.#settle({
      kind: 'fail',
      queue: this.#queue,
      item: this.#item,
      token: this.token,
      reason,
      retryable: retryable ?? true,
      delayMs,
    });
    return (result as Extract<OperationResult, { kind: 'failed' }>).outcome;
  }

  /** @internal The lease is over without having been settled. */
  lose(): void {
    if (this.#state === 'lost') return;
    const wasHeld = this.#state === 'held';
    this.#state = 'lost';
    if (wasHeld) this.#owner.freed(this);
    this.#abort?.abort(this.#lost());
  }

  async #settle(op: Operation): Promise<OperationResult | undefined> {
    if (this.#state !== 'held') throw this.#lost();
    this.#state = 'settling';
    const answer = this.#store.request(op);
    this.#owner.freed(this);
    try {
      return await answer;
    } catch (error) {
      this.lose();
      throw error;
    }
  }

  #lost(): KitError {
    return new KitError('lease-lost', `the lease of item ${this.id} is over`, {
      repair: 'let go of it: another worker has it or will',
    });
  }
}
