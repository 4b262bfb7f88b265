import type { Log, LogRecord, OutgoingRecord, RecordPlace } from '@penstock/kit/events';

/** As much of a log as a task needs, in memory. A transaction can fail before it is done, or after. */
export class MemoryLog {
  readonly #records = new Map<string, LogRecord[]>();
  #failure: 'before' | 'after' | undefined;

  failNext(how: 'before' | 'after'): void {
    this.#failure = how;
  }

  get log(): Log {
    return {
      bounds: async (topic: string) => [{ partition: 0, first: 0, end: this.recordsOf(topic).length }],
      read: async (topic: string, _: number, from: number) => {
        const records = this.recordsOf(topic).slice(from, from + 7);
        return { records, next: from + records.length };
      },
      transact: async () => ({
        exchange: async ({ records }: { readonly records: readonly OutgoingRecord[] }) => this.#exchange(records),
        close: async () => {},
      }),
    } as unknown as Log;
  }

  recordsOf(topic: string): readonly LogRecord[] {
    return this.#records.get(topic) ?? [];
  }

  #exchange(records: readonly OutgoingRecord[]): readonly RecordPlace[] {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === 'before') throw new Error('the log is gone');
    const places = records.map(({ topic, key, value, headers = [] }) => {
      const all = this.#records.get(topic) ?? [];
      this.#records.set(topic, all);
      const place = { topic, partition: 0, offset: all.length };
      all.push({ ...place, key, value, headers, timestamp: 0 });
      return place;
    });
    if (failure === 'after') throw new Error('the answer is lost');
    return places;
  }
}
