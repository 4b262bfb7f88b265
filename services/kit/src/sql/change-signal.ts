/** Wakes all who wait for a change, in this process. */
export class ChangeSignal {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `tell`, after the time, or when the signal aborts. */
  wait(withinMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      signal?.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }

  tell(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
