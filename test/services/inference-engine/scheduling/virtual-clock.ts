import type { Clock } from '../../../../services/inference-engine/src/scheduling/clock.ts';

interface Timer {
  readonly at: number;
  readonly n: number;
  readonly then: () => void;
}

/** Time that passes only when it is told to, event by event, and always the same way. */
export class VirtualClock implements Clock {
  #now = 0;
  #n = 0;
  /** A binary heap by time, then by the order they were set in. */
  readonly #timers: Timer[] = [];
  readonly #cancelled = new Set<number>();

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), n: this.#n++, then };
    this.#timers.push(timer);
    this.#rise(this.#timers.length - 1);
    return () => this.#cancelled.add(timer.n);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Runs all that is due until then, and what that sets off. */
  async run(until = Number.POSITIVE_INFINITY): Promise<void> {
    await settled();
    for (let next = this.#timers[0]; next !== undefined && next.at <= until; next = this.#timers[0]) {
      this.#pop();
      if (this.#cancelled.delete(next.n)) continue;
      this.#now = next.at;
      next.then();
      await settled();
    }
    if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until);
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(this.#timers[at] as Timer, this.#timers[above] as Timer)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #pop(): void {
    const last = this.#timers.pop() as Timer;
    if (this.#timers.length === 0) return;
    this.#timers[0] = last;
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const timer = this.#timers[child];
        if (timer !== undefined && isBefore(timer, this.#timers[least] as Timer)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    [this.#timers[a], this.#timers[b]] = [this.#timers[b] as Timer, this.#timers[a] as Timer];
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.n < b.n);

/** Lets every promise that can go on do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
