import { setTimeout as sleep } from 'node:timers/promises';
import { KitError } from '../../errors.ts';
import type { AssignedPartition, Log, LogConsumer, LogRecord, PartitionLag } from '../log/port.ts';
import { type FailedAttempt, givenUpOf, givenUpRecord } from './given-up.ts';
import { type Lane, PartitionFlow } from './partition-flow.ts';

export interface RetryTopic {
  /** Of this consumer alone. */
  readonly topic: string;
  /** Milliseconds until what lies there is tried. */
  readonly delayMs: number;
}

export interface ConsumerOptions {
  readonly log: Log;
  readonly group: string;
  readonly topics: readonly string[];
  /** Where the group begins. @default 'earliest' */
  readonly startAt?: 'earliest' | 'latest';
  /** Silence after which others get the partitions, in milliseconds. @default 10000 */
  readonly sessionMs?: number;
  /** The same for every life of this member, e.g. the name of its pod: a restart shares nothing anew. @default - none */
  readonly member?: string;
  /** What follows each other: the records of a key, or of a partition. */
  readonly order?: 'key' | 'partition';
  /** Lanes at work at once. @default 16 */
  readonly concurrency?: number;
  /** Offsets between what is done without a gap and what was taken last, of one partition: at most so much comes again. @default 1000 */
  readonly window?: number;
  /** Deliveries in place, the first among them, before a record is given up. @default 3 */
  readonly attempts?: number;
  /** Milliseconds before the second one; each later one waits twice as long, a minute at most. @default 100 */
  readonly backoffMs?: number;
  /** Where a record goes in turn that was given up; whoever waits there has lost its place among those of its key. @default - none */
  readonly retries?: readonly RetryTopic[];
  /** Where a record goes that was given up for good. @default - nowhere: it is tried until it goes */
  readonly deadLetters?: string;
  /**
   * Whether a failure is of what stands behind the handler, and not of the record: then it is tried until it goes.
   *
   * @default - errors of the kit that may pass by themselves, and fences
   */
  readonly isTransient?: (error: unknown) => boolean;
  /** Milliseconds between commits. @default 200 */
  readonly commitMs?: number;
  /** Milliseconds that a close waits for what is at work. @default 10000 */
  readonly drainMs?: number;
  /** Told of what does not go. @default - nobody */
  readonly onFailure?: (error: unknown, from: AssignedPartition | undefined) => void;
}

export interface FlowState {
  readonly handled: number;
  /** Moved to a retry topic. */
  readonly retried: number;
  readonly deadLettered: number;
  /** Taken and not done. */
  readonly inHand: number;
  /** Why something does not go at the moment. */
  readonly failure: unknown;
}

/** What a handler knows beside the records. */
export interface DeliveryContext {
  readonly from: AssignedPartition;
  /** Of the first record: 1 when it comes for the first time, those before a retry topic counted. */
  readonly attempt: number;
  /** Aborts when the partition is another member's, or a close waits no longer. */
  readonly signal: AbortSignal;
}

const BATCH = 500;
const CONCURRENCY = 16;
const WINDOW = 1_000;
const ATTEMPTS = 3;
const BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 60_000;
const COMMIT_MS = 200;
const DRAIN_MS = 10_000;
const POLL_PAUSE_MS = 50;
const LONGEST_POLL_PAUSE_MS = 5_000;
/** No other delivery will find it better. */
const POISON: readonly string[] = ['event-malformed', 'record-malformed', 'schema-malformed'];
/** Not the fault of a record: its partition is, or may be, somebody else's. */
const FENCES: readonly string[] = ['event-fenced', 'partition-lost', 'bus-closed'];

const mayPass = (error: unknown): boolean => KitError.is(error) && (error.retryable || FENCES.includes(error.code));

const isPoison = (error: unknown): boolean => KitError.is(error) && POISON.includes(error.code);

/** Before it came to the topic where it lies. */
const attemptsBefore = (record: LogRecord): number => givenUpOf(record).history.at(-1)?.attempt ?? 0;

/**
 * Takes what a group is given and hands it on in lanes: one after the other within a lane, side by side between them. What
 * is done without a gap is committed. A lane that fails waits alone; what is given up goes to topics of the consumer's own.
 */
export class RecordFlow implements AsyncDisposable {
  readonly #options: ConsumerOptions;
  readonly #batch: number;
  readonly #hand: (records: readonly LogRecord[], context: DeliveryContext) => Promise<void>;
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  readonly #flows = new Map<AssignedPartition, PartitionFlow>();
  readonly #ready: Lane[] = [];
  readonly #steps: ReadonlyMap<string, RetryTopic>;
  #consumer: LogConsumer | undefined;
  #commits: NodeJS.Timeout | undefined;
  #atWork = 0;
  #counts = { handled: 0, retried: 0, deadLettered: 0 };
  #failure: unknown;
  #running: Promise<void> | undefined;

  /** @param batch records of a lane that are handed on together at most */
  constructor(
    options: ConsumerOptions,
    batch: number,
    hand: (records: readonly LogRecord[], context: DeliveryContext) => Promise<void>,
  ) {
    this.#options = options;
    this.#batch = batch;
    this.#hand = hand;
    this.#steps = new Map((options.retries ?? []).map((step) => [step.topic, step]));
  }

  get state(): FlowState {
    const inHand = [...this.#flows.values()].reduce((sum, { window }) => sum + window.inHand, 0);
    return { ...this.#counts, inHand, failure: this.#failure };
  }

  /** Where the group is in each of its topics. @throws {KitError} `topic-missing`, `bus-unreachable` */
  async lag(): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
    const { log, group } = this.#options;
    return new Map(await Promise.all(this.#topics.map(async (topic) => [topic, await log.lag(group, topic)] as const)));
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends what is at work, commits it and gives the partitions to others. */
  async close(): Promise<void> {
    if (this.#stopping.signal.aborted) return this.#running;
    const late = setTimeout(() => this.#aborting.abort(), this.#options.drainMs ?? DRAIN_MS);
    this.#stopping.abort();
    for (const flow of this.#flows.values()) flow.isEnding = true;
    await this.#running;
    await Promise.all([...this.#flows.values()].map((flow) => this.#finish(flow)));
    clearTimeout(late);
    clearInterval(this.#commits);
    await this.#consumer?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #topics(): readonly string[] {
    return [...this.#options.topics, ...this.#steps.keys()];
  }

  async #run(): Promise<void> {
    this.#commits = setInterval(() => this.#commitAll(), this.#options.commitMs ?? COMMIT_MS);
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        this.#consumer ??= await this.#join();
        const limit = Math.min(BATCH, this.#window);
        for (const { from, records } of await this.#consumer.poll({ limit, signal: this.#stopping.signal }))
          this.#take(from, records);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#note(error, undefined);
        const ms = Math.min(LONGEST_POLL_PAUSE_MS, POLL_PAUSE_MS * 2 ** failures);
        await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  get #window(): number {
    return this.#options.window ?? WINDOW;
  }

  #join(): Promise<LogConsumer> {
    const { log, group, startAt = 'earliest', sessionMs, member } = this.#options;
    return log.join({
      group,
      topics: this.#topics,
      startAt,
      ...(sessionMs === undefined ? {} : { sessionMs }),
      ...(member === undefined ? {} : { member }),
      revoking: async (partitions) => {
        await Promise.all(partitions.map((from) => this.#finish(this.#flows.get(from))));
      },
    });
  }

  /** Nothing new is begun, what is at work ends, and what is done is committed. */
  async #finish(flow: PartitionFlow | undefined): Promise<void> {
    if (flow === undefined) return;
    flow.isEnding = true;
    clearTimeout(flow.due);
    await flow.rest();
    await this.#commit(flow);
    this.#flows.delete(flow.from);
  }

  #flowOf(from: AssignedPartition): PartitionFlow {
    const found = this.#flows.get(from);
    if (found !== undefined) return found;
    const flow = new PartitionFlow(from);
    this.#flows.set(from, flow);
    from.signal.addEventListener('abort', () => {
      clearTimeout(flow.due);
      this.#flows.delete(from);
    });
    return flow;
  }

  #take(from: AssignedPartition, records: readonly LogRecord[]): void {
    // Handed out a moment before it went.
    if (from.signal.aborted) return;
    const flow = this.#flowOf(from);
    const delayMs = this.#steps.get(from.topic)?.delayMs;
    if (delayMs === undefined) this.#lineUp(flow, records);
    else this.#await(flow, [...flow.early, ...records], delayMs);
    this.#throttle(flow);
    this.#pump();
  }

  /** What lies in a retry topic comes up in its order, each when it is due. */
  #await(flow: PartitionFlow, records: readonly LogRecord[], delayMs: number): void {
    clearTimeout(flow.due);
    if (flow.isOver) return;
    const now = Date.now();
    const first = records.findIndex(({ timestamp }) => timestamp + delayMs > now);
    const due = first < 0 ? records : records.slice(0, first);
    flow.early = first < 0 ? [] : records.slice(first);
    this.#lineUp(flow, due);
    const next = flow.early[0];
    // Clocks differ: nothing is waited for longer than its delay.
    if (next !== undefined)
      flow.due = setTimeout(
        () => {
          this.#await(flow, flow.early, delayMs);
          this.#throttle(flow);
          this.#pump();
        },
        Math.min(delayMs, next.timestamp + delayMs - now),
      );
  }

  #lineUp(flow: PartitionFlow, records: readonly LogRecord[]): void {
    const isByKey = this.#options.order !== 'partition';
    for (const record of records) {
      const key = !isByKey ? '' : record.key === undefined ? `#${record.offset}` : `k${record.key}`;
      const lane = flow.add(record, key);
      if (lane !== undefined) this.#ready.push(lane);
    }
  }

  /** A partition whose window is full is not polled until there is room. */
  #throttle(flow: PartitionFlow): void {
    if (flow.isOver) return;
    const isFull = flow.early.length > 0 || flow.window.span >= (flow.isPaused ? this.#window / 2 : this.#window);
    if (isFull === flow.isPaused) return;
    flow.isPaused = isFull;
    if (isFull) this.#consumer?.pause([flow.from]);
    else this.#consumer?.resume([flow.from]);
  }

  #pump(): void {
    const { concurrency = CONCURRENCY } = this.#options;
    while (this.#atWork < concurrency) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      if (!lane.flow.isOver) void this.#work(lane);
    }
  }

  async #work(lane: Lane): Promise<void> {
    const { flow } = lane;
    this.#atWork += 1;
    flow.begin();
    const records = lane.records.slice(0, lane.alone > 0 ? 1 : this.#batch);
    let pauseMs: number | undefined;
    try {
      const attempt = attemptsBefore(records[0] as LogRecord) + lane.failures + 1;
      const signal = AbortSignal.any([flow.from.signal, this.#aborting.signal]);
      await this.#hand(records, { from: flow.from, attempt, signal });
      this.#counts.handled += records.length;
      this.#done(lane, records);
    } catch (error) {
      pauseMs = await this.#failed(lane, records, error);
    }
    flow.end();
    this.#atWork -= 1;
    this.#goOn(lane, pauseMs);
    this.#throttle(flow);
    this.#pump();
  }

  #goOn(lane: Lane, pauseMs: number | undefined): void {
    if (lane.records.length === 0) lane.flow.lanes.delete(lane.key);
    else if (pauseMs === undefined || pauseMs === 0) this.#ready.push(lane);
    // Its place of work is others' while it waits.
    else
      setTimeout(() => {
        this.#ready.push(lane);
        this.#pump();
      }, pauseMs).unref();
  }

  #done(lane: Lane, records: readonly LogRecord[]): void {
    lane.records.splice(0, records.length);
    lane.failures = 0;
    lane.waits = 0;
    lane.alone = Math.max(0, lane.alone - records.length);
    for (const { offset } of records) lane.flow.window.done(offset);
    this.#failure = undefined;
  }

  /** @returns milliseconds until the lane goes on */
  async #failed(lane: Lane, records: readonly LogRecord[], error: unknown): Promise<number> {
    const { attempts = ATTEMPTS, backoffMs = BACKOFF_MS, isTransient = mayPass } = this.#options;
    if (lane.flow.from.signal.aborted) return 0;
    this.#note(error, lane.flow.from);
    if (KitError.is(error, 'event-fenced')) await this.#commit(lane.flow, true);
    const isOwn = !isTransient(error);
    // One among them is at fault: each goes alone.
    if (records.length > 1 && isOwn) {
      lane.alone = records.length;
      return 0;
    }
    lane.waits += 1;
    if (isOwn) lane.failures += 1;
    if (
      isOwn &&
      (isPoison(error) || lane.failures >= attempts) &&
      (await this.#giveUp(lane, records[0] as LogRecord, error))
    )
      return 0;
    return Math.min(LONGEST_BACKOFF_MS, backoffMs * 2 ** (lane.waits - 1));
  }

  /** @returns whether it is somewhere else now */
  async #giveUp(lane: Lane, record: LogRecord, error: unknown): Promise<boolean> {
    const { log, retries = [], deadLetters } = this.#options;
    const at = retries.findIndex(({ topic }) => topic === record.topic);
    const retry = isPoison(error) ? undefined : retries[at + 1];
    const topic = retry?.topic ?? deadLetters;
    if (topic === undefined) return false;
    const failure: FailedAttempt = {
      attempt: attemptsBefore(record) + lane.failures,
      at: Date.now(),
      error: error instanceof Error ? error.message : String(error),
    };
    try {
      await log.produce([givenUpRecord(record, topic, failure)]);
    } catch (refusal) {
      this.#note(refusal, lane.flow.from);
      return false;
    }
    if (retry === undefined) this.#counts.deadLettered += 1;
    else this.#counts.retried += 1;
    this.#done(lane, [record]);
    return true;
  }

  #commitAll(): void {
    for (const flow of this.#flows.values()) void this.#commit(flow);
  }

  /** @param isForced also when there is nothing new to say: it shows whose the partition is */
  #commit(flow: PartitionFlow, isForced = false): Promise<void> {
    flow.committing = flow.committing.then(async () => {
      const offset = flow.window.watermark;
      if (offset === undefined || flow.from.signal.aborted) return;
      if (offset === flow.committed && !isForced) return;
      try {
        await this.#consumer?.commit(flow.from, offset);
        flow.committed = offset;
      } catch (error) {
        if (!KitError.is(error, 'partition-lost')) this.#note(error, flow.from);
      }
    });
    return flow.committing;
  }

  #note(error: unknown, from: AssignedPartition | undefined): void {
    this.#failure = error;
    this.#options.onFailure?.(error, from);
  }
}
