import { KitError } from '@penstock/kit';
import type { BatchCost } from './batch-cost.ts';
import { type BatchLimits, planBatch, shapeOf } from './batch-plan.ts';
import { type Clock, systemClock } from './clock.ts';
import { FairOrder, type FairOrderOptions, type Ordered, type Priority } from './fair-order.ts';
import { ArrivalRate, gatherMs } from './gather.ts';

/** What computes batches. */
export interface BatchExecutor<Input, Output> {
  /** Batches computed beside each other. */
  readonly lanes: number;
  /**
   * One output an input, in order. Rejects when the whole batch failed; one bad input is found by halving.
   *
   * @param signal aborts when nobody waits for any of it any more
   */
  run(batch: readonly Input[], signal: AbortSignal): Promise<readonly Output[]>;
}

/** One unit of a request. */
export interface Item<Input> {
  readonly input: Input;
  /** At least 1. */
  readonly tokens: number;
  /** Memory it holds while it waits. */
  readonly bytes: number;
}

/** Who asks, and how urgently. */
export interface Claim {
  readonly tenant: string;
  readonly priority: Priority;
  /** On the clock of the scheduler, in milliseconds. */
  readonly deadlineAt: number;
  readonly signal?: AbortSignal;
}

/** What waits at most; what comes on top is refused. */
export interface QueueLimits {
  readonly maxTokens: number;
  readonly maxBytes: number;
}

export interface BatchSchedulerOptions<Input, Output> extends FairOrderOptions {
  readonly executor: BatchExecutor<Input, Output>;
  readonly cost: BatchCost;
  readonly batch: BatchLimits;
  readonly queue: QueueLimits;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Called after each batch that was computed. */
  readonly onBatch?: (report: BatchReport) => void;
  /** Called for each item that left without an answer. */
  readonly onLoss?: (loss: Loss) => void;
}

export interface BatchReport {
  readonly items: number;
  readonly tokens: number;
  /** Tokens computed, padding included. */
  readonly paddedTokens: number;
  readonly ms: number;
  /** How long each of its items had waited. */
  readonly waitedMs: readonly number[];
}

/** Why an item got no answer: refused at the door, late while it waited, given up by who asked, or failed. */
export type Loss = 'overloaded' | 'late' | 'cancelled' | 'failed';

interface Entry<Input, Output> extends Ordered {
  readonly input: Input;
  readonly bytes: number;
  readonly since: number;
  /** It has its answer, or nobody waits for one any more. */
  ended: boolean;
  readonly resolve: (output: Output) => void;
  readonly reject: (reason: unknown) => void;
}

/** A batch that is being computed. */
interface Running<Input, Output> {
  readonly entries: readonly Entry<Input, Output>[];
  readonly endsAt: number;
  readonly abort: AbortController;
}

/**
 * Deadline-first admission, fair order and batches in front of one model.
 *
 * A request is refused at the door when it could not be done in time by the times seen so far; what became late while it
 * waited is dropped before it costs anything. A lone request starts at once; while batches run, the next one gathers.
 */
export class BatchScheduler<Input, Output> {
  readonly #options: BatchSchedulerOptions<Input, Output>;
  readonly #clock: Clock;
  readonly #order: FairOrder<Entry<Input, Output>>;
  readonly #arrivals = new ArrivalRate();
  readonly #running = new Set<Running<Input, Output>>();
  #waitingBytes = 0;
  /** Padding seen lately: tokens computed by tokens of text. */
  #padding = 1;
  #wake: (() => void) | undefined;

  constructor(options: BatchSchedulerOptions<Input, Output>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#order = new FairOrder(options);
  }

  /** What waits now. */
  get depth(): { readonly items: number; readonly tokens: number; readonly bytes: number; readonly running: number } {
    const { size: items, tokens } = this.#order;
    return { items, tokens, bytes: this.#waitingBytes, running: this.#running.size };
  }

  /** Milliseconds until a request of so many tokens would be done, cautiously; 0 while nothing is known. */
  estimateMs(claim: Pick<Claim, 'tenant' | 'priority' | 'deadlineAt'>, tokens: number): number {
    return this.#untilFreeMs() + this.#computeMs(this.#order.tokensUntil({ ...claim, tokens }), tokens);
  }

  /** Time of the passes until so many tokens are computed. The last is as full as what waits besides can make it. */
  #computeMs(tokens: number, more = 0): number {
    const { cost, batch, executor } = this.#options;
    const passes = Math.ceil((tokens * this.#padding) / batch.maxTokens);
    const all = Math.ceil((this.#order.tokens + more) * this.#padding);
    const lastMs = cost.cautiousMs({ items: 1, paddedTokens: Math.min(batch.maxTokens, all) });
    const fullMs = cost.cautiousMs({ items: 1, paddedTokens: batch.maxTokens });
    return ((passes - 1) * fullMs) / executor.lanes + lastMs;
  }

  /**
   * All or nothing for the items of one request; outputs in their order.
   *
   * @throws {KitError} `engine-overloaded` when there is no room or the deadline cannot be kept, `deadline-exceeded`
   *   when it is over, `engine-failed` when the model fails on it; the signal's reason when it fires
   */
  async submit(items: readonly Item<Input>[], claim: Claim): Promise<readonly Output[]> {
    claim.signal?.throwIfAborted();
    this.#admit(items, claim);
    const now = this.#clock.now();
    const { tenant, priority, deadlineAt } = claim;
    const entries: Entry<Input, Output>[] = [];
    const outputs = items.map(
      ({ input, tokens, bytes }) =>
        new Promise<Output>((resolve, reject) => {
          const state = { ended: false, since: now };
          entries.push({ tenant, priority, deadlineAt, input, tokens, bytes, ...state, resolve, reject });
        }),
    );
    for (const entry of entries) {
      this.#order.add(entry);
      this.#waitingBytes += entry.bytes;
    }
    this.#arrivals.arrived(items.length, now);
    const leave = (): void => this.#abandon(entries, claim.signal?.reason);
    claim.signal?.addEventListener('abort', leave, { once: true });
    this.#dispatch();
    try {
      return await Promise.all(outputs);
    } catch (error) {
      // Without one of them the others are of no use to who asked.
      this.#abandon(entries, error);
      throw error;
    } finally {
      claim.signal?.removeEventListener('abort', leave);
    }
  }

  #admit(items: readonly Item<Input>[], claim: Claim): void {
    const { maxTokens, maxBytes } = this.#options.queue;
    const leftMs = claim.deadlineAt - this.#clock.now();
    if (leftMs <= 0) throw new KitError('deadline-exceeded', 'the deadline was over on arrival');
    const tokens = items.reduce((sum, item) => sum + item.tokens, 0);
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    const { tokens: waiting, size } = this.#order;
    // An empty queue takes any request: otherwise one that is larger than the queue could never be served.
    if (size > 0 && (waiting + tokens > maxTokens || this.#waitingBytes + bytes > maxBytes)) {
      const full = `${waiting} tokens in ${this.#waitingBytes} bytes wait, ${maxTokens} in ${maxBytes} are the most`;
      throw this.#refusal(items, full, this.#computeMs(tokens));
    }
    // An idle engine tries: an estimate that one slow batch has spoilt could not mend if everybody were refused.
    const isBusy = size > 0 || this.#running.size > 0;
    const estimateMs = this.estimateMs(claim, tokens);
    if (isBusy && estimateMs > leftMs) {
      const late = `would take about ${Math.ceil(estimateMs)} ms, ${Math.floor(leftMs)} ms are left`;
      throw this.#refusal(items, late, estimateMs - leftMs);
    }
    if (this.#wouldMakeLate(claim, tokens))
      throw this.#refusal(items, 'what its tenant has waiting would be late by it', this.#computeMs(tokens));
  }

  /** What was taken in time stays in time: somebody more urgent does not go before it if there is no room. */
  #wouldMakeLate(claim: Claim, tokens: number): boolean {
    const now = this.#clock.now() + this.#untilFreeMs();
    for (const { deadlineAt, tokens: until } of this.#order.delayedBy({ ...claim, tokens })) {
      const isInTime = now + this.#computeMs(until) <= deadlineAt;
      if (isInTime && now + this.#computeMs(until + tokens, tokens) > deadlineAt) return true;
    }
    return false;
  }

  #refusal(items: readonly unknown[], message: string, retryAfterMs: number): KitError {
    for (const _ of items) this.#options.onLoss?.('overloaded');
    return new KitError('engine-overloaded', message, { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) });
  }

  /** Until one of the lanes is free. */
  #untilFreeMs(): number {
    if (this.#running.size < this.#options.executor.lanes) return 0;
    const ends = [...this.#running].map(({ endsAt }) => endsAt);
    return Math.max(0, Math.min(...ends) - this.#clock.now());
  }

  /** Fills the lanes that are free, now or when a batch that has room has gathered. */
  #dispatch(): void {
    this.#wake?.();
    this.#wake = undefined;
    if (this.#order.size === 0 || this.#running.size >= this.#options.executor.lanes) return;
    this.#wake = this.#clock.after(this.#holdMs(), () => {
      this.#wake = undefined;
      this.#start();
      this.#dispatch();
    });
  }

  #holdMs(): number {
    const { cost, batch } = this.#options;
    const now = this.#clock.now();
    const head = this.#order.next();
    if (head === undefined || this.#order.tokens >= batch.maxTokens) return 0;
    const passMs = cost.cautiousMs({ items: 1, paddedTokens: this.#order.tokens });
    const held = now - head.since;
    const slackMs = head.deadlineAt - now - passMs;
    return gatherMs({ fixedMs: cost.fixedMs, arrivalsPerMs: this.#arrivals.perMs(now), slackMs }) - held;
  }

  #start(): void {
    const { cost, batch: limits } = this.#options;
    const now = this.#clock.now();
    for (const entry of this.#order.due(now)) this.#late(entry);
    for (let head = this.#order.next(); head !== undefined; head = this.#order.next()) {
      if (this.#isLate(head, now)) {
        this.#late(head);
        continue;
      }
      const batch = planBatch({ head, waiting: this.#order, limits, cost, now });
      for (const entry of batch) {
        this.#order.serve(entry);
        this.#waitingBytes -= entry.bytes;
      }
      const endsAt = now + cost.expectMs(shapeOf(batch));
      void this.#run({ entries: batch, endsAt, abort: new AbortController() });
      return;
    }
  }

  /** Whose turn it is would be late even alone, or its haste costs others more than it is worth. */
  #isLate(entry: Entry<Input, Output>, now: number): boolean {
    // With nobody else to serve there is nothing to lose by trying.
    if (this.#order.size === 1) return false;
    const leftMs = entry.deadlineAt - now;
    const aloneMs = this.#options.cost.expectMs({ items: 1, paddedTokens: entry.tokens });
    return leftMs < aloneMs || this.#wasted(leftMs) > entry.tokens;
  }

  #late(entry: Entry<Input, Output>): void {
    this.#leave(entry);
    this.#lose(entry, 'late', new KitError('deadline-exceeded', 'the deadline passed while waiting'));
  }

  /**
   * Tokens that a full pass would compute more in the time of the short one that ends within so many milliseconds. While
   * more waits than fits, somebody in haste makes a pass short: without this, under overload everybody would be in haste
   * in turn, all passes short, and next to nothing done.
   */
  #wasted(leftMs: number): number {
    const { cost, batch } = this.#options;
    const short = cost.tokensWithin(leftMs);
    if (this.#order.tokens < batch.maxTokens || short >= batch.maxTokens) return 0;
    const fullMs = cost.cautiousMs({ items: 1, paddedTokens: batch.maxTokens });
    return (leftMs / fullMs) * batch.maxTokens - short;
  }

  async #run(running: Running<Input, Output>): Promise<void> {
    this.#running.add(running);
    try {
      await this.#execute(running.entries, running.abort.signal);
    } finally {
      this.#running.delete(running);
      this.#dispatch();
    }
  }

  async #execute(entries: readonly Entry<Input, Output>[], signal: AbortSignal): Promise<void> {
    const { executor, cost, onBatch } = this.#options;
    const wanted = entries.filter(({ ended }) => !ended);
    if (wanted.length === 0) return;
    const startedAt = this.#clock.now();
    let outputs: readonly Output[];
    try {
      outputs = await executor.run(
        wanted.map(({ input }) => input),
        signal,
      );
    } catch (error) {
      await this.#findTheBad(wanted, signal, error);
      return;
    }
    const ms = this.#clock.now() - startedAt;
    const shape = shapeOf(wanted);
    cost.learn(shape, ms);
    const tokens = wanted.reduce((sum, entry) => sum + entry.tokens, 0);
    this.#padding += (shape.paddedTokens / tokens - this.#padding) / 8;
    onBatch?.({ ...shape, tokens, ms, waitedMs: wanted.map(({ since }) => startedAt - since) });
    for (const [n, entry] of wanted.entries()) {
      entry.ended = true;
      entry.resolve(outputs[n] as Output);
    }
  }

  /** One input may have broken the batch: halves find it, and the others get their answers. */
  async #findTheBad(entries: readonly Entry<Input, Output>[], signal: AbortSignal, error: unknown): Promise<void> {
    if (entries.length === 1 || signal.aborted) {
      for (const entry of entries) this.#lose(entry, 'failed', error);
      return;
    }
    const half = Math.ceil(entries.length / 2);
    await this.#execute(entries.slice(0, half), signal);
    await this.#execute(entries.slice(half), signal);
  }

  /** Frees the places of those that wait, and the lane of a batch that nobody waits for any more. */
  #abandon(entries: readonly Entry<Input, Output>[], reason: unknown): void {
    for (const entry of entries) {
      this.#leave(entry);
      this.#lose(entry, 'cancelled', reason);
    }
    for (const { entries: all, abort } of this.#running) {
      if (!abort.signal.aborted && all.every(({ ended }) => ended)) abort.abort(reason);
    }
  }

  /** Takes it out of the order, if it still waits. */
  #leave(entry: Entry<Input, Output>): void {
    if (this.#order.remove(entry)) this.#waitingBytes -= entry.bytes;
  }

  #lose(entry: Entry<Input, Output>, loss: Loss, reason: unknown): void {
    if (entry.ended) return;
    entry.ended = true;
    this.#options.onLoss?.(loss);
    entry.reject(reason);
  }
}
