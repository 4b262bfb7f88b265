/** What is known when an executor is free and something waits. */
export interface Gathering {
  /** The part of a pass that does not grow with what is in it. */
  readonly fixedMs: number;
  /** Items that came in a millisecond, lately. */
  readonly arrivalsPerMs: number;
  /** Until the most urgent of those waiting has to start. */
  readonly slackMs: number;
}

/**
 * How long to hold a batch that has room. Each item that joins saves the fixed part of a pass of its own, and everybody
 * in the batch waits meanwhile: it pays once more than one is expected to come within the fixed part. An idle engine
 * never waits, and no wait uses more than half of what the most urgent can spare.
 */
export function gatherMs({ fixedMs, arrivalsPerMs, slackMs }: Gathering): number {
  return arrivalsPerMs * fixedMs <= 1 ? 0 : Math.max(0, Math.min(fixedMs, slackMs / 2));
}

/** Memory of the rate: about this many arrivals. */
const REMEMBERED = 32;

/** How fast items come, by an average over the gaps between the latest ones; a long silence counts at once. */
export class ArrivalRate {
  #gapMs: number | undefined;
  #at: number | undefined;
  /** Came at that moment: how fast that was shows only with the next. */
  #items = 0;

  arrived(items: number, now: number): void {
    if (this.#at !== undefined && now > this.#at) {
      const gap = (now - this.#at) / this.#items;
      this.#gapMs ??= gap;
      this.#gapMs += (gap - this.#gapMs) * Math.min(1, this.#items / REMEMBERED);
      this.#items = 0;
    }
    this.#at = now;
    this.#items += items;
  }

  /** Items in a millisecond; 0 before the second arrival. */
  perMs(now: number): number {
    if (this.#gapMs === undefined || this.#at === undefined) return 0;
    return 1 / Math.max(this.#gapMs, now - this.#at);
  }
}
