/** One queue system in the race. Every method works on a backlog of its own, named by the cell. */
export interface Contestant extends AsyncDisposable {
  readonly name: string;
  /** Versions and the settings that decide durability, for the reader of the table. */
  readonly settings: string;
  /** Makes an empty backlog. Not timed. */
  open(concurrency: number): Promise<Backlog>;
}

export interface Backlog extends AsyncDisposable {
  /** Adds one job; resolves when it is durable. */
  add(index: number): Promise<void>;
  /**
   * Takes `jobs` jobs with a handler that does nothing.
   *
   * @returns milliseconds from asking for the first job until the last one is durably done
   */
  process(jobs: number): Promise<number>;
}

/** What stands for the peer's column when it cannot run here. */
export interface Absent {
  readonly name: string;
  readonly howToGet: string;
}

const PAYLOAD_BYTES = 200;

/** A job of exactly 200 bytes of JSON. */
export function jobOf(index: number): { readonly id: string; readonly text: string } {
  const id = String(index).padStart(12, '0');
  const bare = JSON.stringify({ id, text: '' }).length;
  return { id, text: 'x'.repeat(PAYLOAD_BYTES - bare) };
}

/** Counts down to the last of `jobs` and reads the clock. */
export class Countdown {
  readonly done: Promise<void>;
  readonly fail: (error: unknown) => void;
  readonly #resolve: () => void;
  readonly #startedAt = performance.now();
  #left: number;

  constructor(jobs: number) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.fail = reject;
    this.#resolve = resolve;
    this.#left = jobs;
  }

  /** A job is done. */
  settled(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#resolve();
  }

  /** Since it was made, which is when the first job is asked for. */
  elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }
}
