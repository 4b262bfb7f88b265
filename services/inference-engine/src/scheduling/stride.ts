/** Somebody who shares. */
export interface Sharer {
  readonly name: string;
  /** Against the others': twice the weight, twice the service. */
  readonly weight: number;
  /** What waits. */
  waiting: number;
  /** Service received, divided by the weight. */
  pass: number;
}

/** Sharers that are forgotten at the earliest. */
const SWEEP_FROM = 64;

/**
 * Who is next of those who share something by weight: stride scheduling (Waldspurger and Weihl, 1995). Whoever comes
 * back starts where the others are: what was not used while there was nothing to do is not owed.
 */
export class Stride<S extends Sharer> {
  readonly #sharers = new Map<string, S>();
  /** Pass of whoever was served last. */
  #now = 0;
  #sweepAt = SWEEP_FROM;

  get(name: string): S | undefined {
    return this.#sharers.get(name);
  }

  add(sharer: S): void {
    if (this.#sharers.size >= this.#sweepAt) this.#sweep();
    this.#sharers.set(sharer.name, sharer);
    sharer.pass = this.#now;
  }

  /** To be called before more waits for a sharer than did. */
  wake(sharer: S): void {
    if (sharer.waiting === 0) sharer.pass = Math.max(sharer.pass, this.#now);
  }

  /** To be called while what is served still waits. */
  charge(sharer: S, service: number): void {
    this.#now = Math.max(this.#now, this.next()?.pass ?? 0);
    sharer.pass += service / sharer.weight;
  }

  /** The one with the least service of those who wait; of equals the one that came first. */
  next(): S | undefined {
    let least: S | undefined;
    for (const sharer of this.#sharers.values()) {
      if (sharer.waiting > 0 && (least === undefined || sharer.pass < least.pass)) least = sharer;
    }
    return least;
  }

  /** Its part of the service, from 0 to 1, if it waits beside those who do now. */
  shareOf(sharer: S): number {
    let others = 0;
    for (const other of this.#sharers.values()) if (other !== sharer && other.waiting > 0) others += other.weight;
    return sharer.weight / (sharer.weight + others);
  }

  *[Symbol.iterator](): Iterator<S> {
    yield* this.#sharers.values();
  }

  /** Names are as many as callers care to make up: who waits for nothing and is ahead of nobody takes no memory. */
  #sweep(): void {
    for (const { name, waiting, pass } of this.#sharers.values()) {
      if (waiting === 0 && pass <= this.#now) this.#sharers.delete(name);
    }
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#sharers.size);
  }
}
