interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

/** A clock that only moves when something happens. */
export class Timeline {
  now = 1_000_000_000_000;
  #order = 0;
  readonly #heap: Happening[] = [];

  after(ms: number, run: () => void | Promise<void>): void {
    this.at(this.now + ms, run);
  }

  at(time: number, run: () => void | Promise<void>): void {
    const heap = this.#heap;
    heap.push({ at: Math.max(time, this.now), order: this.#order++, run });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Runs what comes next. @returns false when nothing does */
  async step(): Promise<boolean> {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return false;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    this.now = Math.max(this.now, first.at);
    await first.run();
    return true;
  }

  #sink(): void {
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      if (least === parent) return;
      this.#swap(least, parent);
      parent = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const one = this.#heap[a] as Happening;
    const other = this.#heap[b] as Happening;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b] as Happening, heap[a] as Happening];
  }
}
