import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { Failure, Lease } from '../port.ts';
import type { RedisConnection, Reply, Script } from './connection.ts';
import type { QueueKeys } from './queue-keys.ts';
import { ACK, EXTEND, FAIL, RELEASE } from './scripts.ts';

export interface LeaseOwner {
  readonly connection: RedisConnection;
  readonly keys: QueueKeys;
  readonly profile: QueueProfile;
  freed(lease: RedisLease): void;
}

/** What the claim script says of one item. */
export type ClaimedItem = readonly [
  id: Buffer,
  token: Buffer,
  attempt: number,
  key: Buffer,
  headers: Buffer,
  payload: Buffer,
];

const OVER = 0;
const RETRIED = 1;

/**
 * The server decides whether the token still owns the item. The clock here starts before the claim was sent, so that a
 * lease is never believed in for longer than the server holds it.
 */
export class RedisLease implements Lease {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly payload: Uint8Array;
  readonly attempt: number;
  readonly token: number;
  readonly #owner: LeaseOwner;
  readonly #headers: Buffer;
  #expiresAt = 0;
  /** The same moment on a clock that nobody sets. */
  #deadline = 0;
  #abort: AbortController | undefined;
  #state: 'held' | 'settling' | 'lost' = 'held';

  constructor(owner: LeaseOwner, [id, token, attempt, key, headers, payload]: ClaimedItem, claimedAt: Moment) {
    this.#owner = owner;
    this.id = id.toString();
    this.token = Number(token.toString());
    this.attempt = attempt;
    this.idempotencyKey = key.toString();
    this.payload = payload;
    this.#headers = headers;
    this.#startClock(claimedAt);
  }

  get headers(): Readonly<Record<string, string>> {
    return JSON.parse(this.#headers.toString());
  }

  get publishedAt(): number {
    return publishedAtOf(this.id);
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === 'lost') this.#abort.abort(this.#lost());
    return this.#abort.signal;
  }

  /** @internal */
  get isExpired(): boolean {
    return performance.now() >= this.#deadline;
  }

  async extend(): Promise<void> {
    if (this.#state !== 'held') throw this.#lost();
    const before = moment();
    if ((await this.#run(EXTEND)) === OVER) {
      this.lose();
      throw this.#lost();
    }
    this.#startClock(before);
  }

  async ack(): Promise<void> {
    await this.#settle(ACK);
  }

  async release(): Promise<void> {
    await this.#settle(RELEASE);
  }

  async fail({ reason, retryable, delayMs }: Failure): Promise<'retried' | 'dead-lettered'> {
    const { maxAttempts, backoffMs } = this.#owner.profile;
    const { attempt } = this;
    const isLast = retryable === false || attempt >= maxAttempts;
    const delay = delayMs ?? backoffMs[Math.min(attempt, backoffMs.length) - 1] ?? 0;
    const record = JSON.stringify({ attempt, at: Date.now(), reason });
    const outcome = await this.#settle(FAIL, [record, isLast ? '1' : '0', String(delay)]);
    return outcome === RETRIED ? 'retried' : 'dead-lettered';
  }

  /** @internal The lease is over without having been settled. */
  lose(): void {
    if (this.#state === 'lost') return;
    const wasHeld = this.#state === 'held';
    this.#state = 'lost';
    if (wasHeld) this.#owner.freed(this);
    this.#abort?.abort(this.#lost());
  }

  /** The slot is free at once: the claim that fills it goes out after the settlement, on the same connection. */
  async #settle(script: Script, args: readonly string[] = []): Promise<Reply> {
    if (this.#state !== 'held') throw this.#lost();
    this.#state = 'settling';
    const answer = this.#run(script, args);
    this.#owner.freed(this);
    try {
      const outcome = await answer;
      if (outcome === OVER) throw this.#lost();
      return outcome;
    } catch (error) {
      this.lose();
      throw KitError.is(error, 'lease-lost') ? error : this.#lost(error);
    }
  }

  #run(script: Script, args: readonly string[] = []): Promise<Reply> {
    const { connection, keys, profile } = this.#owner;
    const own = [profile.consumer, this.id, String(this.token), String(profile.ackWaitMs)];
    return connection.run(script, `item ${this.id}`, keys.all, [...own, ...args]);
  }

  #startClock({ at, clock }: Moment): void {
    const { ackWaitMs } = this.#owner.profile;
    this.#expiresAt = at + ackWaitMs;
    this.#deadline = clock + ackWaitMs;
  }

  #lost(cause?: unknown): KitError {
    return new KitError('lease-lost', `the lease of item ${this.id} is over, or its settlement was not confirmed`, {
      repair: 'let go of it: another worker has it or will, unless it was settled after all',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

export interface Moment {
  readonly at: number;
  readonly clock: number;
}

export const moment = (): Moment => ({ at: Date.now(), clock: performance.now() });

/** An id of a stream begins with the milliseconds of the server's clock. */
export const publishedAtOf = (id: string): number => Number(id.split('-')[0]);
