/** What somebody lends a process for a while, as it comes from them. */
export interface Lent<T> {
  readonly value: T;
  /** When it is to be asked for again, in milliseconds since the epoch. */
  readonly until: number;
}

/** A credential that is held until it is about to end or was refused, and asked for again then. */
export class LentCredential<T> {
  readonly #ask: () => Promise<Lent<T>>;
  #held: Lent<T> | undefined;
  /** One question for all who wait; none of them ends it for the others. */
  #asked: Promise<T> | undefined;

  constructor(ask: () => Promise<Lent<T>>) {
    this.#ask = ask;
  }

  /** @throws {KitError} `engine-failed` where there is none, which passes while a pod is starting */
  async current(signal: AbortSignal): Promise<T> {
    if (this.#held !== undefined && this.#held.until > Date.now()) return this.#held.value;
    this.#asked ??= this.#renew().finally(() => {
      this.#asked = undefined;
    });
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([this.#asked, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** This one is of no use any more. */
  refuse(value: T): void {
    if (this.#held?.value === value) this.#held = undefined;
  }

  async #renew(): Promise<T> {
    this.#held = await this.#ask();
    return this.#held.value;
  }
}
