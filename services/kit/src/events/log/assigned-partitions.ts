import type { AssignedPartition } from './port.ts';

/** A partition while it is this member's, and where its next poll begins. */
export class HeldPartition implements AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly #gone = new AbortController();
  /** Of the next record to hand out. */
  position: number;
  isPaused = false;
  /** Its owner was told to finish: nothing more of it is handed out. */
  isLeaving = false;

  constructor(topic: string, partition: number, epoch: number, position: number) {
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.position = position;
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  get isPolled(): boolean {
    return !this.isPaused && !this.isLeaving && !this.signal.aborted;
  }

  lose(): void {
    this.#gone.abort();
  }
}

/** What a member has, by topic and partition. */
export class HeldPartitions {
  readonly #held = new Map<string, HeldPartition>();

  get all(): readonly HeldPartition[] {
    return [...this.#held.values()];
  }

  get(topic: string, partition: number): HeldPartition | undefined {
    return this.#held.get(keyOf(topic, partition));
  }

  add(held: HeldPartition): void {
    this.#held.set(keyOf(held.topic, held.partition), held);
  }

  lose(held: HeldPartition): void {
    held.lose();
    if (this.get(held.topic, held.partition) === held) this.#held.delete(keyOf(held.topic, held.partition));
  }

  /** Those that are handed out. */
  get polled(): readonly HeldPartition[] {
    return this.all.filter(({ isPolled }) => isPolled);
  }

  setPaused(partitions: readonly AssignedPartition[], isPaused: boolean): void {
    for (const { topic, partition } of partitions) {
      const held = this.get(topic, partition);
      if (held !== undefined) held.isPaused = isPaused;
    }
  }

  loseAll(): void {
    for (const held of this.all) this.lose(held);
  }

  /** Behind this one are the others: every partition has its turn. */
  moveBack(held: HeldPartition): void {
    if (this.#held.delete(keyOf(held.topic, held.partition))) this.add(held);
  }
}

const keyOf = (topic: string, partition: number): string => `${partition}:${topic}`;
