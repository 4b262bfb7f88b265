import { isFenced, lost } from './faults.ts';
import type { Committed, Membership } from './kafka-client.ts';
import type { OwnerContext } from './partition-owner.ts';
import { pause } from './pause.ts';

const RETRY_PAUSE_MS = 100;

/** The hold on a partition: what commits are signed with, for as long as the brokers take that signature. */
export class PartitionHold {
  readonly #context: OwnerContext;
  readonly #partition: number;
  readonly #state: () => Committed;
  /** Aborts when the partition is somebody else's. */
  readonly #lost = new AbortController();
  /** Behind the latest for as long as it is not known whose the partition was between. */
  #membership: Membership;
  #latest: Membership;
  #generationChanged = Promise.withResolvers<void>();
  #unwritten: PromiseWithResolvers<void> | undefined;
  #isWriting = false;

  /** @param state what a commit says, asked for when it is sent */
  constructor(context: OwnerContext, partition: number, membership: Membership, state: () => Committed) {
    this.#context = context;
    this.#partition = partition;
    this.#membership = membership;
    this.#latest = membership;
    this.#state = state;
  }

  get isLost(): boolean {
    return this.#lost.signal.aborted;
  }

  /** @throws {KitError} `lease-lost` */
  check(): void {
    if (this.isLost) throw this.#lost.signal.reason;
  }

  /**
   * Another generation left the partition here. Between two that follow each other nobody else had it; otherwise what
   * is committed says whose it is.
   *
   * @returns false when somebody else had it
   */
  async keep(membership: Membership, isStillOwn: () => Promise<boolean>): Promise<boolean> {
    const { id, generation } = this.#latest;
    this.#latest = membership;
    const isNext = membership.id === id && membership.generation === generation + 1;
    if (!isNext && !(await isStillOwn())) return false;
    if (this.#latest !== membership) return true;
    this.#membership = membership;
    this.#generationChanged.resolve();
    this.#generationChanged = Promise.withResolvers();
    return true;
  }

  lose(): void {
    this.#lost.abort(lost(`partition ${this.#partition} of ${this.#context.names.topic}`));
    this.#generationChanged.resolve();
  }

  /** Commits the state as it is by then; many changes share a commit. Rejects when the partition is lost. */
  write(): Promise<void> {
    if (this.isLost) return Promise.reject(this.#lost.signal.reason);
    this.#unwritten ??= Promise.withResolvers();
    const { promise } = this.#unwritten;
    if (!this.#isWriting) void this.#writeAll();
    return promise;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // Changes of this turn of the event loop go together.
    await Promise.resolve();
    while (this.#unwritten !== undefined) {
      const written = this.#unwritten;
      this.#unwritten = undefined;
      try {
        await this.#commit();
        written.resolve();
      } catch (error) {
        written.reject(error);
      }
      this.#context.changed();
    }
    this.#isWriting = false;
  }

  /** Says the same again until it is confirmed: it is the whole state, so an unknown outcome is no harm. */
  async #commit(): Promise<void> {
    const { client, names, refused } = this.#context;
    for (;;) {
      const changed = this.#generationChanged.promise;
      const state = this.#state();
      try {
        this.check();
        return await client.commit(names.group, names.topic, this.#partition, state, this.#membership);
      } catch (error) {
        this.check();
        if (!isFenced(error)) refused(error);
        // The next generation says whose the partition is.
        await (isFenced(error) ? changed : pause(RETRY_PAUSE_MS));
      }
    }
  }
}
