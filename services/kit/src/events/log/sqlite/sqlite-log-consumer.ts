import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KitError } from '../../../errors.ts';
import { ChangeSignal } from '../../../sql/change-signal.ts';
import type { ScriptStore } from '../../../sql/script-store.ts';
import { HeldPartition, HeldPartitions } from '../assigned-partitions.ts';
import { logClosed, partitionLost } from '../faults.ts';
import type { AssignedPartition, JoinOptions, LogConsumer, PolledBatch, PollOptions } from '../port.ts';
import { recordOf } from './record.ts';
import type { LogScripts } from './scripts/index.ts';
import type { FoundSlice } from './scripts/records.ts';

const SESSION_MS = 10_000;
const SIGNS_PER_SESSION = 5;
const POLL_LIMIT = 500;
const POLL_WAIT_MS = 1_000;

/** A member of a group that is rows of the file: a sign of life now and then says that it is there, and shows what it has. */
export class SqliteLogConsumer implements LogConsumer {
  readonly #store: ScriptStore<LogScripts>;
  readonly #options: JoinOptions;
  readonly #member: string;
  readonly #held = new HeldPartitions();
  readonly #changes = new ChangeSignal();
  readonly #left: () => void;
  #signs: NodeJS.Timeout | undefined;
  #living: Promise<void> = Promise.resolve();
  #failure: unknown;
  #closing: Promise<void> | undefined;

  private constructor(store: ScriptStore<LogScripts>, options: JoinOptions, left: () => void) {
    this.#store = store;
    this.#options = options;
    // A slash ends the name: those of others may begin like it.
    this.#member = options.member === undefined ? randomUUID() : `${options.member}/${randomUUID()}`;
    this.#left = left;
  }

  static async join(
    store: ScriptStore<LogScripts>,
    options: JoinOptions,
    left: () => void,
  ): Promise<SqliteLogConsumer> {
    const consumer = new SqliteLogConsumer(store, options, left);
    await consumer.#live(true);
    consumer.#signs = setInterval(() => consumer.#sign(), consumer.#sessionMs / SIGNS_PER_SESSION);
    return consumer;
  }

  get assigned(): readonly AssignedPartition[] {
    return this.#held.all;
  }

  async poll({ limit = POLL_LIMIT, waitMs = POLL_WAIT_MS, signal }: PollOptions = {}): Promise<readonly PolledBatch[]> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const batches = await this.#take(limit);
      const left = deadline - performance.now();
      if (batches.length > 0 || left <= 0 || signal?.aborted === true) return batches;
      await this.#news(left, signal);
    }
  }

  async commit(from: AssignedPartition, offset: number): Promise<void> {
    const { topic, partition, epoch } = from;
    const { group } = this.#options;
    if (from.signal.aborted) throw partitionLost(group, topic, partition);
    try {
      await this.#store.run('commit', group, this.#member, { topic, partition, offset }, epoch);
    } catch (error) {
      if (KitError.is(error, 'partition-lost') && from instanceof HeldPartition) this.#held.lose(from);
      throw error;
    }
  }

  /** What a transaction signs with that says how far this member is. @throws {KitError} `partition-lost` */
  signatureOf({ topic, partition, epoch, signal }: AssignedPartition) {
    const { group } = this.#options;
    if (signal.aborted) throw partitionLost(group, topic, partition);
    return { group, member: this.#member, epoch };
  }

  pause(partitions: readonly AssignedPartition[]): void {
    this.#held.setPaused(partitions, true);
  }

  resume(partitions: readonly AssignedPartition[]): void {
    this.#held.setPaused(partitions, false);
    this.#changes.tell();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #sessionMs(): number {
    return this.#options.sessionMs ?? SESSION_MS;
  }

  async #close(): Promise<void> {
    clearInterval(this.#signs);
    await this.#living;
    this.#changes.tell();
    this.#held.loseAll();
    // Not told: the session ends by itself. A name keeps its place for so long.
    if (this.#options.member === undefined)
      await this.#store.run('leave', this.#options.group, this.#member).catch(() => {});
    this.#left();
  }

  #check(): void {
    if (this.#closing !== undefined) throw logClosed();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits until there may be something to take. */
  async #news(withinMs: number, signal: AbortSignal | undefined): Promise<void> {
    const waiting = new AbortController();
    const told = this.#changes.wait(withinMs, signal);
    void this.#store.changed(withinMs, waiting.signal).then(() => this.#changes.tell());
    // What came before the wait is not told of.
    if (!(await this.#isBehind())) await told;
    waiting.abort();
  }

  async #take(limit: number): Promise<readonly PolledBatch[]> {
    this.#check();
    const polled = this.#held.polled;
    const batches: PolledBatch[] = [];
    for (const { topic, partition, records, next } of await this.#read(limit)) {
      const held = this.#held.get(topic, partition);
      // It may have come and gone meanwhile.
      if (held === undefined || !held.isPolled || !polled.includes(held)) continue;
      held.position = next;
      this.#held.moveBack(held);
      if (records.length > 0)
        batches.push({ from: held, records: records.map((found) => recordOf(topic, partition, found)) });
    }
    return batches;
  }

  async #read(limit: number): Promise<readonly FoundSlice[]> {
    const positions = this.#held.polled.map(({ topic, partition, position }) => ({
      topic,
      partition,
      offset: position,
    }));
    return positions.length === 0 ? [] : this.#store.run('read', positions, limit);
  }

  async #isBehind(): Promise<boolean> {
    return (await this.#read(1)).length > 0;
  }

  #sign(): void {
    this.#living = this.#live(false).catch((error: unknown) => {
      // What may pass is tried again by the next sign.
      if (KitError.is(error, 'group-busy')) this.#held.loseAll();
      if (KitError.is(error) && (!error.retryable || error.code === 'group-busy')) this.#failure = error;
      this.#changes.tell();
    });
  }

  async #live(isJoining: boolean): Promise<void> {
    const { group, topics, startAt, member: name } = this.#options;
    const membership = { group, member: this.#member, topics, startAt, sessionMs: this.#sessionMs };
    const named = name === undefined ? membership : { ...membership, name };
    const owned = await this.#store.run('live', named, Date.now(), isJoining);
    if (this.#closing !== undefined) return;
    for (const held of this.#held.all) {
      const isOwn = owned.some(
        ({ topic, partition, epoch }) => topic === held.topic && partition === held.partition && epoch === held.epoch,
      );
      if (!isOwn) this.#held.lose(held);
    }
    for (const { topic, partition, epoch, committed, first, leaving } of owned) {
      const held = this.#held.get(topic, partition) ?? new HeldPartition(topic, partition, epoch, committed ?? first);
      this.#held.add(held);
      if (leaving === 1 && !held.isLeaving) void this.#letGo(held);
    }
    this.#changes.tell();
  }

  async #letGo(held: HeldPartition): Promise<void> {
    held.isLeaving = true;
    const { group, revoking } = this.#options;
    const timeout = new AbortController();
    const isLate = sleep(this.#sessionMs, undefined, { signal: timeout.signal, ref: false });
    await Promise.race([revoking?.([held]), isLate]).catch(() => {});
    timeout.abort();
    isLate.catch(() => {});
    this.#held.lose(held);
    // Not told: it goes when this member's session is over, and is in nobody's hands until then.
    await this.#store.run('release', group, this.#member, held.topic, held.partition).catch(() => {});
    this.#changes.tell();
  }
}
