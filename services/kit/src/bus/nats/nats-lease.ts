import type { Msg } from '@nats-io/transport-node';
import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { Failure, Lease } from '../port.ts';
import { type AttemptJournal, EMPTY_NOTE, type Note, withFailure } from './attempt-journal.ts';
import type { Delivery } from './delivery.ts';
import type { FencingEpoch } from './fencing-epoch.ts';
import { decodeHeaders, KEY_HEADER } from './item-headers.ts';
import type { RequestLane } from './request-lane.ts';

export interface LeaseOwner {
  readonly profile: QueueProfile;
  readonly lane: RequestLane;
  readonly journal: AttemptJournal;
  readonly epoch: FencingEpoch;
  /** It was lost. */
  freed(lease: NatsLease): void;
  /** It is in nobody's hands any more and its settlement is on its way: back to the queue, or the item's end. */
  settling(lease: NatsLease, to: 'queue' | 'end'): void;
  /** Its settlement was confirmed, or never will be. */
  settled(lease: NatsLease): void;
}

/** A settlement nobody confirms is sent again for so long: by then a leader is elected or a server back. */
const CONFIRM_TIMEOUT_MS = 2_000;
const CONFIRM_HORIZON_MS = 10_000;

/**
 * The server would take a late ack, so the lease runs by the clock of this process, from the receipt of the delivery:
 * once it is over, nothing is sent any more. `+ACK`, `-NAK`, `+WPI` and `+TERM` go out as requests, which the server
 * answers when it has done them.
 */
export class NatsLease implements Lease {
  readonly id: string;
  readonly token: number;
  readonly publishedAt: number;
  readonly #owner: LeaseOwner;
  readonly #message: Msg;
  readonly #delivery: Delivery;
  #note: Note = EMPTY_NOTE;
  #expiresAt = 0;
  /** The same moment on a clock that nobody sets. */
  #deadline = 0;
  #abort: AbortController | undefined;
  #state: 'held' | 'settling' | 'lost' = 'held';

  constructor(owner: LeaseOwner, message: Msg, delivery: Delivery) {
    this.#owner = owner;
    this.#message = message;
    this.#delivery = delivery;
    this.id = delivery.streamSequence;
    this.token = owner.epoch.tokenOf(delivery.consumerSequence);
    this.publishedAt = delivery.publishedAt;
    this.#startClock();
  }

  get attempt(): number {
    return Math.max(1, this.#delivery.deliveries - this.#note.released);
  }

  get idempotencyKey(): string {
    return this.#message.headers?.get(KEY_HEADER) || this.id;
  }

  get payload(): Uint8Array {
    return this.#message.data;
  }

  get headers(): Readonly<Record<string, string>> {
    return decodeHeaders(this.#message.headers);
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
  get item(): string {
    return this.#delivery.item;
  }

  /** @internal */
  get isExpired(): boolean {
    return performance.now() >= this.#deadline;
  }

  async extend(): Promise<void> {
    this.#checkHeld();
    const before = { at: Date.now(), clock: performance.now() };
    await this.#owner.lane.send(this.#delivery.ackSubject, '+WPI', CONFIRM_TIMEOUT_MS);
    // The server answers for a message that it has given to somebody else meanwhile just the same.
    this.#checkHeld();
    this.#startClock(before);
  }

  async ack(): Promise<void> {
    await this.#settle('end', () => this.#confirm('+ACK'));
    if (this.#note !== EMPTY_NOTE) this.#owner.journal.forget(this.#delivery.item);
  }

  async fail({ reason, retryable, delayMs }: Failure): Promise<'retried' | 'dead-lettered'> {
    const { maxAttempts, backoffMs } = this.#owner.profile;
    const { attempt } = this;
    const note = withFailure(this.#note, attempt, Date.now(), reason);
    const isLast = retryable === false || attempt >= maxAttempts;
    return this.#settle(isLast ? 'end' : 'queue', async () => {
      if (isLast) {
        await this.#bury({ ...note, deadAfter: attempt });
        return 'dead-lettered';
      }
      await this.#writeNote(note);
      await this.#handBack(delayMs ?? backoffMs[Math.min(attempt, backoffMs.length) - 1] ?? 0);
      return 'retried';
    });
  }

  async release(): Promise<void> {
    const note = { ...this.#note, released: this.#note.released + 1 };
    await this.#settle('queue', async () => {
      await this.#writeNote(note);
      await this.#handBack(0);
    });
  }

  /**
   * @internal Completes a delivery that is not the first with what is known of the earlier ones.
   * @returns false when the item is used up: it went to the dead letters and nobody must see it
   */
  async recall(): Promise<boolean> {
    this.#note = await this.#owner.journal.read(this.#delivery.item, EMPTY_NOTE);
    const isUsedUp = this.attempt > this.#owner.profile.maxAttempts;
    if (this.#note.deadAfter === undefined && !isUsedUp) return true;
    await this.#settle('end', () => this.#bury({ ...this.#note, deadAfter: this.#note.deadAfter ?? this.attempt - 1 }));
    return false;
  }

  /** @internal The lease is over without having been settled. */
  lose(): void {
    if (this.#state === 'lost') return;
    const wasHeld = this.#state === 'held';
    this.#state = 'lost';
    if (wasHeld) this.#owner.freed(this);
    this.#abort?.abort(this.#lost());
  }

  async #settle<Result>(to: 'queue' | 'end', steps: () => Promise<Result>): Promise<Result> {
    this.#checkHeld();
    this.#state = 'settling';
    const result = steps();
    this.#owner.settling(this, to);
    try {
      return await result;
    } catch (error) {
      this.lose();
      throw error;
    } finally {
      this.#owner.settled(this);
    }
  }

  /**
   * The note first: it decides that the item is dead, and whoever gets the item after a crash goes on from there. Then
   * the dead letter, which is the same one however often it is stored, and only then the item leaves its stream.
   */
  async #bury(note: Note & { readonly deadAfter: number }): Promise<void> {
    const { journal } = this.#owner;
    const { item, publishedAt } = this.#delivery;
    if (this.#note.deadAfter === undefined) await this.#writeNote(note);
    await journal.bury(item, this.id, this.#message, publishedAt, note, note.deadAfter);
    await this.#confirm('+TERM');
    journal.forget(item);
  }

  async #writeNote(note: Note): Promise<void> {
    await this.#owner.journal.write(this.#delivery.item, note);
    // Somebody else may hold the item by now, without having seen the note: it is theirs.
    if (this.isExpired) throw this.#lost();
  }

  /** Sent once: a second one would hand back the delivery of whoever has the item by then. */
  async #handBack(delayMs: number): Promise<void> {
    const payload = delayMs === 0 ? '-NAK' : `-NAK ${JSON.stringify({ delay: delayMs * 1_000_000 })}`;
    try {
      await this.#owner.lane.send(this.#delivery.ackSubject, payload, CONFIRM_TIMEOUT_MS);
    } catch (error) {
      throw this.#lost(error);
    }
  }

  /** `+ACK` and `+TERM` may be repeated: the server answers for what it has removed already. */
  async #confirm(payload: '+ACK' | '+TERM'): Promise<void> {
    const horizonMs = Math.min(this.#deadline - performance.now(), CONFIRM_HORIZON_MS);
    try {
      await this.#owner.lane.insist({ subject: this.#delivery.ackSubject, payload }, horizonMs, () => {});
    } catch (error) {
      throw this.#lost(error);
    }
  }

  #checkHeld(): void {
    if (this.#state === 'held' && this.isExpired) this.lose();
    if (this.#state !== 'held') throw this.#lost();
  }

  #startClock(from = { at: Date.now(), clock: performance.now() }): void {
    const { ackWaitMs } = this.#owner.profile;
    this.#expiresAt = from.at + ackWaitMs;
    this.#deadline = from.clock + ackWaitMs;
  }

  #lost(cause?: unknown): KitError {
    return new KitError('lease-lost', `the lease of item ${this.id} is over, or its settlement was not confirmed`, {
      repair: 'let go of it: another worker has it or will, unless it was settled after all',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
