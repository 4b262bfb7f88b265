import type { QueueProfile } from '@penstock/model';
import { withFailure } from '../attempt-history.ts';
import type { Failure } from '../port.ts';
import { encodeLetter, type ItemRecord } from './item-record.ts';
import type { KafkaClient, Membership } from './kafka-client.ts';
import type { KafkaLease } from './kafka-lease.ts';
import type { KafkaNames } from './names.ts';
import { PartitionHold } from './partition-hold.ts';
import { PartitionWindow } from './partition-window.ts';
import { pause } from './pause.ts';
import type { ProduceLane } from './produce-lane.ts';
import { steadyNow } from './steady-clock.ts';

const RETRY_PAUSE_MS = 100;
/** More deliveries in a millisecond than any broker makes: a window that was forgotten begins beyond its last token. */
const TOKENS_PER_MS = 1_000;

export interface OwnerContext {
  readonly client: KafkaClient;
  readonly lane: ProduceLane;
  readonly names: KafkaNames;
  readonly profile: QueueProfile;
  /** There may be something to hand out, or room to read ahead. */
  readonly changed: () => void;
  /** A call failed that is tried again: it may be that it never succeeds. */
  readonly refused: (error: unknown) => void;
}

/** A partition while it is this process's: its window, what was read of it, and who works on what. */
export class PartitionOwner {
  readonly context: OwnerContext;
  readonly partition: number;
  readonly #hold: PartitionHold;
  readonly #records = new Map<number, ItemRecord>();
  readonly #leases = new Map<number, KafkaLease>();
  /** Keys in somebody's hands: a second item of a key waits for the first. */
  readonly #busyKeys = new Map<string, number>();
  readonly #burials = new Set<number>();
  #window = new PartitionWindow(0);
  #readTo = 0;
  #isReady = false;

  constructor(context: OwnerContext, partition: number, membership: Membership) {
    this.context = context;
    this.partition = partition;
    this.#hold = new PartitionHold(context, partition, membership, () => ({
      offset: this.#window.base,
      metadata: this.#window.encode(steadyNow()),
    }));
    void this.#begin();
  }

  get isLost(): boolean {
    return this.#hold.isLost;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get holdsLeases(): boolean {
    return this.#leases.size + this.#burials.size > 0;
  }

  /** Where to read on; undefined while there is no room, or nothing is known yet. */
  get wanted(): number | undefined {
    return this.#isReady && !this.isLost && this.#readTo < this.#window.end ? this.#readTo : undefined;
  }

  /** Another generation left the partition here; it is lost when somebody else had it between. */
  async keep(membership: Membership): Promise<void> {
    const isKept = await this.#hold.keep(membership, async () => this.#isReady && (await this.#isStillOwn()));
    if (!isKept) this.lose();
  }

  lose(): void {
    if (this.isLost) return;
    this.#hold.lose();
    for (const lease of [...this.#leases.values()]) lease.lose();
    this.#leases.clear();
    this.#records.clear();
  }

  received(records: readonly ItemRecord[], next: number): void {
    if (this.isLost || next <= this.#readTo) return;
    for (const record of records) {
      // What the log skips was never an item.
      for (; this.#readTo < record.offset; this.#readTo++) this.#window.settle(this.#readTo);
      if (!this.#window.isSettled(record.offset)) this.#records.set(record.offset, record);
      this.#readTo = record.offset + 1;
    }
    this.#readTo = Math.max(this.#readTo, next);
  }

  /** Begins where the log begins now. */
  async skipLost(): Promise<void> {
    const [start = 0] = await this.context.client.earliest(this.context.names.topic, [this.partition]);
    if (this.isLost || start <= this.#readTo) return;
    this.#window.skipTo(start);
    this.#readTo = Math.max(this.#readTo, this.#window.base);
  }

  /** The next item that can be worked on. It is taken: nobody else gets it, also when its delivery is not handed out. */
  take(now: number): ItemRecord | undefined {
    if (!this.#isReady || this.isLost) return undefined;
    for (const [offset, record] of this.#records) {
      if (offset >= this.#window.end) break;
      const slot = this.#window.peek(offset);
      if (slot !== undefined && (slot.state !== 'free' || slot.dueAt > now || this.#burials.has(offset))) continue;
      if (this.#busyKeys.has(record.key) && this.#busyKeys.get(record.key) !== offset) continue;
      if (slot?.isDead || (slot?.attempts ?? 0) >= this.context.profile.maxAttempts) {
        void this.bury(record).catch(() => {});
        continue;
      }
      this.#busyKeys.set(record.key, offset);
      const taken = this.#window.slot(offset);
      taken.state = 'leased';
      taken.attempts++;
      this.#window.token++;
      return record;
    }
    return undefined;
  }

  get token(): number {
    return this.#window.token;
  }

  attemptsOf(offset: number): number {
    return this.#window.slot(offset).attempts;
  }

  hold(offset: number, lease: KafkaLease): void {
    this.#leases.set(offset, lease);
  }

  letGo(offset: number): void {
    this.#leases.delete(offset);
  }

  /** When the next delayed item is due, by the steady clock. */
  nextDue(now: number): number | undefined {
    let next: number | undefined;
    // Looked for among the few that were tried: what was read may be thousands, and this is asked at every settlement.
    for (const [offset, dueAt] of this.#window.delayed(now))
      if (this.#records.has(offset) && (next === undefined || dueAt < next)) next = dueAt;
    return next;
  }

  /** Resolves when it is committed. */
  async settle(record: ItemRecord): Promise<void> {
    this.#hold.check();
    this.#window.settle(record.offset);
    this.#records.delete(record.offset);
    this.#freeKey(record);
    await this.write();
  }

  /** Back to where it can be taken. Resolves when it is committed. */
  async putBack(
    record: ItemRecord,
    how: 'released' | 'expired' | { readonly failure: Failure; readonly delayMs: number },
  ) {
    this.#hold.check();
    const slot = this.#window.slot(record.offset);
    slot.state = 'free';
    if (how === 'released') slot.attempts--;
    else if (how !== 'expired') this.#note(record, how.failure, how.delayMs);
    this.#freeKey(record);
    await this.write();
  }

  /**
   * That it is dead comes first: from then on every owner only buries it. The letter may be stored twice by a process
   * that died in between; it carries the item's id, by which readers know it.
   */
  async bury(record: ItemRecord, failure?: Failure): Promise<void> {
    const { lane, names } = this.context;
    const { offset } = record;
    this.#burials.add(offset);
    try {
      const slot = this.#window.slot(offset);
      if (failure !== undefined) this.#note(record, failure, 0);
      slot.isDead = true;
      slot.state = 'free';
      await this.write();
      const letter = encodeLetter(record, { attempts: slot.attempts, history: slot.history });
      while (!this.isLost) {
        try {
          await lane.send([{ topic: names.deadLetterTopic, partition: this.partition, ...letter }]);
          break;
        } catch (error) {
          this.context.refused(error);
          await pause(RETRY_PAUSE_MS);
        }
      }
      await this.settle(record);
    } finally {
      this.#burials.delete(offset);
      this.context.changed();
    }
  }

  /** Commits what changed. Rejects when the partition is lost. */
  write(): Promise<void> {
    return this.#hold.write();
  }

  async #begin(): Promise<void> {
    while (!this.isLost) {
      try {
        this.#window = await this.#load();
        this.#readTo = this.#window.base;
        this.#window.takeOver(Date.now(), TOKENS_PER_MS);
        // From here on it is known who owns the partition, and nobody before can change it.
        await this.write();
        this.#isReady = true;
        return this.context.changed();
      } catch (error) {
        this.context.refused(error);
        await pause(RETRY_PAUSE_MS);
      }
    }
  }

  async #load(): Promise<PartitionWindow> {
    const { client, names } = this.context;
    const [committed] = await client.committed(names.group, names.topic, [this.partition]);
    const [start = 0] = await client.earliest(names.topic, [this.partition]);
    const window = PartitionWindow.parse(
      committed === undefined || committed.offset < 0 ? start : committed.offset,
      committed?.metadata ?? null,
      steadyNow(),
    );
    window.skipTo(start);
    return window;
  }

  async #isStillOwn(): Promise<boolean> {
    while (!this.isLost) {
      try {
        return (await this.#load()).epoch === this.#window.epoch;
      } catch (error) {
        this.context.refused(error);
        await pause(RETRY_PAUSE_MS);
      }
    }
    return false;
  }

  #note({ offset }: ItemRecord, { reason }: Failure, delayMs: number): void {
    const slot = this.#window.slot(offset);
    slot.dueAt = steadyNow() + delayMs;
    slot.history = withFailure(slot.history, { attempt: slot.attempts, at: Date.now(), reason });
  }

  #freeKey({ key, offset }: ItemRecord): void {
    if (this.#busyKeys.get(key) === offset) this.#busyKeys.delete(key);
  }
}
