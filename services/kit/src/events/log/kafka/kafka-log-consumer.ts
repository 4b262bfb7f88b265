import { isFenced, isRefusal } from '../../../bus/kafka/faults.ts';
import { GroupPlace, type PlacedPartition } from '../../../bus/kafka/group-place.ts';
import type { KafkaClient, Membership } from '../../../bus/kafka/kafka-client.ts';
import type { KitError } from '../../../errors.ts';
import { ChangeSignal } from '../../../sql/change-signal.ts';
import { HeldPartition, HeldPartitions } from '../assigned-partitions.ts';
import { logClosed, offsetGone, partitionLost } from '../faults.ts';
import type { AssignedPartition, JoinOptions, LogConsumer, LogRecord, PolledBatch, PollOptions } from '../port.ts';
import { about, faultOf } from './faults.ts';
import { IncrementalPlace } from './incremental-place.ts';
import { LogReader } from './log-reader.ts';

const POLL_LIMIT = 500;
const POLL_WAIT_MS = 1_000;
/** A new partition waits for the fetch under way at most so long. */
const FETCH_WAIT_MS = 250;
const RETRY_PAUSE_MS = 100;

/** A member of a group of Kafka. What a fetch brings beyond a poll is kept for the next one. */
export class KafkaLogConsumer implements LogConsumer {
  readonly #client: KafkaClient;
  readonly #options: JoinOptions;
  readonly #reader: LogReader;
  readonly #place: GroupPlace | IncrementalPlace;
  readonly #held = new HeldPartitions();
  readonly #fetched = new WeakMap<HeldPartition, LogRecord[]>();
  readonly #changes = new ChangeSignal();
  readonly #left: () => void;
  #membership: Membership = { generation: -1, id: '' };
  #adopting: Promise<void> = Promise.resolve();
  #failure: KitError | undefined;
  #closing: Promise<void> | undefined;

  constructor(client: KafkaClient, protocol: 'classic' | 'consumer', options: JoinOptions, left: () => void) {
    this.#client = client;
    this.#options = options;
    this.#left = left;
    this.#reader = new LogReader(client.options, options.topics);
    const refused = (error: unknown): void => this.#refused(error);
    const inTurn = (step: () => Promise<void>): Promise<void> => {
      this.#adopting = this.#adopting.then(step);
      return this.#adopting;
    };
    this.#place =
      protocol === 'classic'
        ? new GroupPlace(
            client,
            options,
            (partitions, membership) => void inTurn(() => this.#adopt(partitions, membership)),
            refused,
          )
        : new IncrementalPlace(client, options, {
            gained: (partitions) => void inTurn(() => this.#gain(partitions)),
            revoking: (partitions) => inTurn(() => this.#letGo(partitions)),
            lost: () => this.#lost(),
            renewed: (membership) => {
              this.#membership = membership;
              this.#changes.tell();
            },
            refused,
          });
  }

  get assigned(): readonly AssignedPartition[] {
    return this.#held.all;
  }

  async poll({ limit = POLL_LIMIT, waitMs = POLL_WAIT_MS, signal }: PollOptions = {}): Promise<readonly PolledBatch[]> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      if (this.#closing !== undefined) throw logClosed();
      if (this.#failure !== undefined) throw this.#failure;
      const batches = this.#take(limit);
      const left = deadline - performance.now();
      if (batches.length > 0 || left <= 0 || signal?.aborted === true) return batches;
      const told = this.#changes.wait(left, signal);
      if (this.#held.polled.length === 0) await told;
      else await this.#fetch(Math.ceil(Math.min(left, FETCH_WAIT_MS)));
    }
  }

  async commit(from: AssignedPartition, offset: number): Promise<void> {
    const { topic, partition } = from;
    const { group } = this.#options;
    for (;;) {
      if (from.signal.aborted) throw partitionLost(group, topic, partition);
      const membership = this.#membership;
      try {
        return await this.#client.commit(group, topic, partition, { offset, metadata: null }, membership);
      } catch (error) {
        if (!isFenced(error)) throw faultOf(error, topic);
        // The next generation says whose the partition is.
        if (this.#place instanceof IncrementalPlace) this.#place.hurry();
        while (this.#membership === membership && !from.signal.aborted) await this.#changes.wait(FETCH_WAIT_MS);
      }
    }
  }

  /** What a transaction signs with that says how far this member is. @throws {KitError} `partition-lost` */
  signatureOf(from: AssignedPartition): { readonly group: string; readonly membership: Membership } {
    const { group } = this.#options;
    if (from.signal.aborted) throw partitionLost(group, from.topic, from.partition);
    return { group, membership: this.#membership };
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

  async #close(): Promise<void> {
    this.#held.loseAll();
    this.#changes.tell();
    await Promise.all([this.#place.leave(), this.#reader.close().catch(() => {})]);
    this.#left();
  }

  /** What cannot be mended by trying again is told to whoever polls. */
  #refused(error: unknown): void {
    const fault = faultOf(error, this.#options.topics.join(', '));
    if (!fault.retryable) this.#failure = fault;
    this.#changes.tell();
  }

  #take(limit: number): readonly PolledBatch[] {
    const batches: PolledBatch[] = [];
    let left = limit;
    for (const held of this.#held.polled) {
      const records = this.#fetched.get(held)?.splice(0, left) ?? [];
      if (records.length === 0) continue;
      left -= records.length;
      this.#held.moveBack(held);
      batches.push({ from: held, records });
      if (left === 0) break;
    }
    return batches;
  }

  async #fetch(waitMs: number): Promise<void> {
    const wanted = this.#held.polled;
    const positions = wanted.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    try {
      for (const { topic, partition, records, next } of await this.#reader.fetch(positions, waitMs)) {
        const held = this.#held.get(topic, partition);
        if (held === undefined || !wanted.includes(held)) continue;
        held.position = next;
        this.#fetched.set(held, [...(this.#fetched.get(held) ?? []), ...records]);
      }
    } catch (error) {
      if (this.#closing !== undefined) return;
      if (isRefusal(error, 'OFFSET_OUT_OF_RANGE')) await this.#checkPositions(wanted);
      else this.#refused(error);
      await this.#changes.wait(RETRY_PAUSE_MS);
    }
  }

  /** @throws {KitError} `offset-gone` */
  async #checkPositions(wanted: readonly HeldPartition[]): Promise<void> {
    for (const { topic, partition, position } of wanted) {
      const [first = 0] = await about(topic, () => this.#client.earliest(topic, [partition]));
      const [end = 0] = await about(topic, () => this.#client.latest(topic, [partition]));
      if (position < first || position > end) throw offsetGone(topic, partition, position, first);
    }
  }

  async #adopt(partitions: readonly PlacedPartition[], membership: Membership): Promise<void> {
    if (this.#closing !== undefined) return;
    // Between two generations of one member that follow each other nobody else had what stays.
    const { id, generation } = this.#membership;
    const isNext = membership.id === id && membership.generation === generation + 1;
    const isKept = (held: HeldPartition): boolean =>
      isNext && partitions.some(({ topic, partition }) => topic === held.topic && partition === held.partition);
    for (const held of this.#held.all) if (!isKept(held)) this.#held.lose(held);
    this.#membership = membership;
    this.#changes.tell();
    await this.#gain(partitions, () => this.#membership === membership);
  }

  /** @param isCurrent whether they are still this member's */
  async #gain(partitions: readonly PlacedPartition[], isCurrent = () => true): Promise<void> {
    for (const { topic, partition } of partitions) {
      while (this.#held.get(topic, partition) === undefined && isCurrent()) {
        if (this.#closing !== undefined) return;
        const { generation } = this.#membership;
        try {
          const position = await this.#begin(topic, partition);
          if (this.#closing === undefined && isCurrent())
            this.#held.add(new HeldPartition(topic, partition, generation, position));
        } catch (error) {
          if (!isFenced(error)) this.#refused(error);
          else if (!(this.#place instanceof IncrementalPlace) || this.#membership.generation < 0) return;
          else this.#place.hurry();
          await this.#changes.wait(RETRY_PAUSE_MS);
        }
      }
    }
    this.#changes.tell();
  }

  async #letGo(partitions: readonly PlacedPartition[]): Promise<void> {
    const leaving = partitions
      .map(({ topic, partition }) => this.#held.get(topic, partition))
      .filter((held) => held !== undefined);
    for (const held of leaving) held.isLeaving = true;
    await this.#options.revoking?.(leaving).catch(() => {});
    for (const held of leaving) this.#held.lose(held);
  }

  #lost(): void {
    this.#membership = { generation: -1, id: '' };
    this.#held.loseAll();
    this.#changes.tell();
  }

  /** Where the group goes on in a partition; where it begins in one is decided once. */
  async #begin(topic: string, partition: number): Promise<number> {
    const { group, startAt } = this.#options;
    const [committed] = await this.#client.committed(group, topic, [partition]);
    if (committed !== undefined && committed.offset >= 0) return committed.offset;
    const bounds = startAt === 'earliest' ? this.#client.earliest : this.#client.latest;
    const [offset = 0] = await bounds.call(this.#client, topic, [partition]);
    await this.#client.commit(group, topic, partition, { offset, metadata: null }, this.#membership);
    return offset;
  }
}
