/** Time as a scheduler sees it, so that a simulation can run the same code on a time of its own. */
export interface Clock {
  /** Milliseconds, never backwards; deadlines are on the same scale. */
  now(): number;
  /** Calls `then` after so many milliseconds, unless the returned function was called before. */
  after(ms: number, then: () => void): () => void;
}

/** Wall-clock time in milliseconds since the epoch, kept from going backwards by the process's own clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, then) {
    // Requests of the same turn of the event loop share the first batch.
    if (ms <= 0) {
      const immediate = setImmediate(then);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
