import { KitError } from '../../errors.ts';
import type { WaitingEvent } from '../outbox/outbox-event.ts';
import type { OutboxSource, OutboxStream, SlotMeasure } from './outbox-source.ts';

/** After a failure it is not tried again sooner. */
const RETRY_MS = 5_000;
const MEASURE_MS = 5_000;

/**
 * Follows the log of a database for a relay. The outbox is the truth: a follower begins behind an outbox that was seen
 * empty, and whatever happens to it, the relay looks into the outbox again. So a slot that was lost, dropped or made
 * anew loses nothing.
 */
export class OutboxFollower {
  readonly #source: OutboxSource;
  readonly #longestSlot: number;
  #stream: OutboxStream | undefined;
  /** Published out of the table since the stream is open: it tells of them too. */
  readonly #seen = new Set<number>();
  #isFollowing = false;
  #retryAt = 0;
  #measureAt = 0;
  #slot: SlotMeasure | undefined;
  #failure: KitError | undefined;

  /** @param longestSlot bytes */
  constructor(source: OutboxSource, longestSlot: number) {
    this.#source = source;
    this.#longestSlot = longestSlot;
  }

  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  get slot(): SlotMeasure | undefined {
    return this.#slot;
  }

  get failure(): KitError | undefined {
    return this.#failure;
  }

  /** What was appended; undefined where the table has to say it. */
  async next(limit: number, waitMs: number, signal: AbortSignal): Promise<readonly WaitingEvent[] | undefined> {
    try {
      await this.#watch();
      if (this.#stream === undefined) await this.#open();
      if (this.#stream === undefined || !this.#isFollowing) return undefined;
      const events = await this.#stream.next(limit, waitMs, signal);
      const fresh = events.filter(({ seq }) => !this.#seen.delete(seq));
      if (fresh.length === 0 && events.length > 0) this.#stream.confirm();
      return fresh;
    } catch (error) {
      await this.#fail(error);
      return undefined;
    }
  }

  confirm(): void {
    this.#stream?.confirm();
  }

  /** These were published out of the table. */
  saw(seqs: readonly number[]): void {
    if (this.#stream !== undefined) for (const seq of seqs) this.#seen.add(seq);
  }

  /** The table was empty after the stream was opened: what comes is told of by the stream. */
  drained(): void {
    this.#isFollowing = this.#stream !== undefined;
  }

  /** Keeps nothing, until the table can be left again. */
  async leave(): Promise<void> {
    await this.close();
    this.#retryAt = performance.now() + RETRY_MS;
    // Not dropped: it is found out by the next look at its size.
    await this.#source.drop().catch(() => {});
  }

  async close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#isFollowing = false;
    this.#seen.clear();
    await stream?.close();
  }

  async #open(): Promise<void> {
    if (performance.now() < this.#retryAt) return;
    this.#stream = await this.#source.open();
    this.#failure = undefined;
  }

  async #watch(): Promise<void> {
    if (performance.now() < this.#measureAt) return;
    this.#measureAt = performance.now() + MEASURE_MS;
    this.#slot = await this.#source.measure();
    const { retainedBytes = 0, status } = this.#slot ?? {};
    if (retainedBytes <= this.#longestSlot && status !== 'lost') return;
    await this.leave();
    this.#failure = new KitError(
      'storage-full',
      `the database keeps ${retainedBytes} bytes of its log (${status}) for the relay, expected ${this.#longestSlot} at most: its slot was dropped`,
      { repair: 'see why the relay is behind; it looks into the outbox, and follows again when that is empty' },
    );
  }

  async #fail(error: unknown): Promise<void> {
    this.#retryAt = performance.now() + RETRY_MS;
    this.#failure = KitError.is(error)
      ? error
      : new KitError('store-unreachable', `replication: ${String(error)}`, { cause: error });
    await this.close();
  }
}
