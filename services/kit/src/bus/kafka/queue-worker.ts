import { isRefusal } from './faults.ts';
import { GroupPlace } from './group-place.ts';
import { type Membership, TopicReader, type Wanted } from './kafka-client.ts';
import type { ConsumptionOwner, KafkaConsumption } from './kafka-consumption.ts';
import { KafkaLease } from './kafka-lease.ts';
import { type OwnerContext, PartitionOwner } from './partition-owner.ts';
import { pause } from './pause.ts';
import { lastingRefusal } from './refusal.ts';
import { steadyNow } from './steady-clock.ts';

const FETCH_WAIT_MS = 250;
const RETRY_PAUSE_MS = 200;
const LONGEST_SWEEP_MS = 1_000;
/** After which a close gives up what cannot be written: the brokers do not answer. */
const LONGEST_CLOSE_MS = 10_000;

/** This process's part in a queue: a place in its group, the partitions that come with it, and all who take from them. */
export class QueueWorker implements ConsumptionOwner {
  readonly #context: OwnerContext;
  readonly #reader: TopicReader;
  readonly #place: GroupPlace;
  readonly #owners = new Map<number, PartitionOwner>();
  readonly #consumptions = new Set<KafkaConsumption>();
  readonly #sweep: NodeJS.Timeout;
  readonly #ended: () => void;
  #due: NodeJS.Timeout | undefined;
  #isReading = false;
  #isHandingOut = false;
  #isLooking = false;
  #ending: Promise<void> | undefined;

  /** @param ended called when nobody takes from it and nobody holds anything any more */
  constructor(context: Omit<OwnerContext, 'changed' | 'refused'>, ended: () => void) {
    this.#context = { ...context, changed: () => this.changed(), refused: (error) => void this.#refused(error) };
    this.#ended = ended;
    this.#reader = new TopicReader(context.client.options, context.names.topic);
    const { group, topic } = context.names;
    this.#place = new GroupPlace(
      context.client,
      { group, topics: [topic] },
      (placed, membership) =>
        this.#adopt(
          placed.map(({ partition }) => partition),
          membership,
        ),
      this.#context.refused,
    );
    const sweepMs = Math.max(10, Math.min(context.profile.ackWaitMs / 4, LONGEST_SWEEP_MS));
    this.#sweep = setInterval(() => this.#expireLeases(), sweepMs);
    this.#sweep.unref();
  }

  add(consumption: KafkaConsumption): void {
    this.#consumptions.add(consumption);
    this.changed();
  }

  /** Leases that are out keep the partitions here. */
  async stopped(_: KafkaConsumption): Promise<void> {
    if (this.#isIdle) await this.end();
  }

  changed(): void {
    if (this.#isHandingOut) return;
    this.#isHandingOut = true;
    queueMicrotask(() => {
      this.#isHandingOut = false;
      if (this.#isIdle) void this.end();
      if (this.#ending !== undefined) return;
      this.#handOut();
      if (!this.#isReading) void this.#read();
    });
  }

  /** Gives the partitions back; whoever holds a lease has lost it. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  get #isIdle(): boolean {
    const isTaken = [...this.#consumptions].some((consumption) => !consumption.isIdle);
    return !isTaken && ![...this.#owners.values()].some((owner) => owner.holdsLeases);
  }

  async #end(): Promise<void> {
    this.#ended();
    clearInterval(this.#sweep);
    clearTimeout(this.#due);
    const owners = [...this.#owners.values()].filter((owner) => !owner.isLost);
    // What was settled is to be committed before others get the partitions.
    const written = Promise.allSettled(owners.filter((owner) => owner.isReady).map((owner) => owner.write()));
    const timeout = new AbortController();
    await Promise.race([written, pause(LONGEST_CLOSE_MS, timeout.signal)]);
    timeout.abort();
    for (const owner of owners) owner.lose();
    await Promise.all([this.#place.leave(), this.#reader.close().catch(() => {})]);
  }

  /** Whoever takes from the queue is told once no trying again can help. */
  async #refused(error: unknown): Promise<void> {
    if (this.#isLooking || this.#ending !== undefined) return;
    this.#isLooking = true;
    const refusal = await lastingRefusal(error, this.#context.client, this.#context.names);
    this.#isLooking = false;
    if (refusal === undefined || this.#ending !== undefined) return;
    for (const consumption of this.#consumptions) consumption.failed(refusal);
    for (const owner of this.#owners.values()) owner.lose();
    await this.end();
  }

  #adopt(partitions: readonly number[], membership: Membership): void {
    if (this.#ending !== undefined) return;
    for (const [partition, owner] of this.#owners) {
      if (partitions.includes(partition)) continue;
      owner.lose();
      this.#owners.delete(partition);
    }
    for (const partition of partitions) {
      const owner = this.#owners.get(partition);
      if (owner === undefined || owner.isLost) this.#own(partition, membership);
      else void this.#keep(owner, membership);
    }
  }

  async #keep(owner: PartitionOwner, membership: Membership): Promise<void> {
    await owner.keep(membership);
    // Another one had it meanwhile: it begins anew from what that one left.
    if (owner.isLost && this.#ending === undefined && this.#owners.get(owner.partition) === owner)
      this.#own(owner.partition, membership);
  }

  #own(partition: number, membership: Membership): void {
    this.#owners.set(partition, new PartitionOwner(this.#context, partition, membership));
  }

  #handOut(): void {
    const now = steadyNow();
    for (const consumption of this.#consumptions) {
      if (consumption.isIdle) this.#consumptions.delete(consumption);
      while (consumption.hasRoom) {
        const delivery = this.#takeOne(consumption, now);
        if (delivery === undefined) break;
        consumption.expect(delivery);
      }
    }
    const dues = [...this.#owners.values()].map((owner) => owner.nextDue(now)).filter((due) => due !== undefined);
    clearTimeout(this.#due);
    if (dues.length > 0) this.#due = setTimeout(() => this.changed(), Math.max(1, Math.min(...dues) - now));
  }

  /** The next item of the partition whose turn it is; one that has none is passed over. */
  #takeOne(consumption: KafkaConsumption, now: number): Promise<KafkaLease | undefined> | undefined {
    for (const owner of this.#owners.values()) {
      const record = owner.take(now);
      if (record === undefined) continue;
      // Behind this one are the others: every partition has its turn.
      this.#owners.delete(owner.partition);
      this.#owners.set(owner.partition, owner);
      const numbers = { attempt: owner.attemptsOf(record.offset), token: owner.token };
      return owner.write().then(
        () => new KafkaLease(owner, record, numbers, (lease) => consumption.freed(lease)),
        () => undefined,
      );
    }
    return undefined;
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    for (let wanted = this.#wanted(); wanted.length > 0; wanted = this.#wanted()) {
      try {
        const { records, next } = await this.#reader.fetch(wanted, FETCH_WAIT_MS);
        const byPartition = Map.groupBy(records, ({ partition }) => partition);
        for (const [partition, end] of next)
          this.#owners.get(partition)?.received(byPartition.get(partition) ?? [], end);
        if (next.size > 0) this.changed();
      } catch (error) {
        if (this.#ending !== undefined) break;
        if (isRefusal(error, 'OFFSET_OUT_OF_RANGE'))
          await Promise.allSettled([...this.#owners.values()].map((owner) => owner.skipLost()));
        else this.#context.refused(error);
        await pause(RETRY_PAUSE_MS);
      }
    }
    this.#isReading = false;
  }

  #wanted(): readonly Wanted[] {
    if (this.#ending !== undefined) return [];
    return [...this.#owners.values()].flatMap(({ partition, wanted }) =>
      wanted === undefined ? [] : [{ partition, offset: wanted }],
    );
  }

  #expireLeases(): void {
    const now = performance.now();
    for (const consumption of this.#consumptions)
      for (const lease of [...consumption.held]) if (now >= lease.deadline) lease.expire();
  }
}
