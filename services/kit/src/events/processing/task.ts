import { KitError } from '../../errors.ts';
import type { DonePosition, Log, OutgoingRecord, Transactions } from '../log/port.ts';
import { headersOf } from '../log/record-headers.ts';
import { type ChangelogPlace, catchUp, changeRecords } from './changelog.ts';
import { type Emitted, type Operator, part, type TimedEvent, timeText, upTo } from './operator.ts';
import type { Progress, StateStore } from './state-store.ts';

/** One event with where it lies. */
export interface InputEvent {
  /** Which of the inputs it came by, from 0. */
  readonly input: number;
  readonly offset: number;
  /** Undefined for a record that is none of this processor's: it is passed over. */
  readonly event: TimedEvent | undefined;
  /** As it came, for the output of late ones. */
  readonly value: Uint8Array | null;
}

export interface TaskOptions {
  readonly name: string;
  readonly operator: Operator;
  readonly inputs: number;
  readonly latenessMs: number;
  readonly output: string;
  /** Where late events go. Undefined: nowhere, they are counted. */
  readonly late: string | undefined;
  readonly changelog: ChangelogPlace;
  readonly log: Log;
  readonly store: StateStore;
  /** What is said to the group with a batch. */
  readonly done: (offset: number) => readonly DonePosition[];
}

/**
 * One partition of a processor. A batch is one transaction of the log: the results, the changes of the state, and how far
 * it came; then the file follows. What was not committed is done again from the state before it, with the same ids.
 */
export class Task {
  readonly #options: TaskOptions;
  readonly #transactions: Transactions;
  #progress: Progress;
  #late = 0;
  #duplicates = 0;

  private constructor(options: TaskOptions, transactions: Transactions, progress: Progress) {
    this.#options = options;
    this.#transactions = transactions;
    this.#progress = progress;
  }

  /**
   * Fences off the last owner, and takes up where it stopped.
   *
   * @throws {KitError} as `Log.transact` and `Log.read`; `storage-corrupt`
   */
  static async open(options: TaskOptions): Promise<Task> {
    const { name, log, changelog, store } = options;
    // First the fence: from here on nobody else adds to the changelog that is read.
    const transactions = await log.transact(`${name}-${changelog.partition}`);
    try {
      return new Task(options, transactions, await catchUp(log, changelog, store));
    } catch (error) {
      await transactions.close();
      throw error;
    }
  }

  get progress(): Progress {
    return this.#progress;
  }

  get late(): number {
    return this.#late;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Of the next record of an input; undefined where none was read. */
  offsetOf(input: number): number | undefined {
    return this.#progress.offsets[input];
  }

  /**
   * Works on a batch.
   *
   * @param events in the order in which they count
   * @param idle inputs that are not waited for: nothing is there, and nothing came for a while
   * @throws {KitError} as `Transactions.exchange`. The task is to be opened again then: it shows what was committed
   */
  async process(events: readonly InputEvent[], idle: ReadonlySet<number> = new Set()): Promise<void> {
    const { store, output, changelog, done } = this.#options;
    store.begin();
    try {
      const { progress, emitted, late } = this.#work(events, idle);
      const { changes } = store;
      if (events.length + changes.length + emitted.length === 0) {
        store.rollback();
        return;
      }
      const results = [...emitted.map((result) => this.#recordOf(result, output)), ...late];
      const changed = changeRecords(changelog, progress, changes);
      const places = await this.#transactions.exchange({
        records: [...results, ...changed],
        done: done(progress.offsets[0] ?? 0),
      });
      const last = places.at(-1)?.offset ?? -1;
      // Where it is not known where they lie, the file is brought to it when it is opened next.
      const changelogEnd = last === -1 ? (store.kept?.changelogEnd ?? 0) : last + 1;
      store.commit({ progress, changelogEnd });
      this.#progress = progress;
    } catch (error) {
      store.rollback();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#transactions.close();
  }

  #work(
    events: readonly InputEvent[],
    idle: ReadonlySet<number>,
  ): { readonly progress: Progress; readonly emitted: readonly Emitted[]; readonly late: readonly OutgoingRecord[] } {
    const { operator, inputs, store } = this.#options;
    const offsets = Array.from({ length: inputs }, (_, input) => this.#progress.offsets[input] ?? 0);
    const times = Array.from({ length: inputs }, (_, input) => this.#progress.times[input] ?? -1);
    let horizon = this.#progress.horizon;
    const emitted: Emitted[] = [];
    const late: OutgoingRecord[] = [];
    const settle = (): void => {
      horizon = Math.max(horizon, this.#horizonOf(times, idle));
      emitted.push(...operator.settle(store.view, horizon));
    };
    for (const { input, offset, event, value } of events) {
      offsets[input] = offset + 1;
      if (event === undefined) continue;
      if (!Number.isSafeInteger(event.time) || event.time < 0)
        throw new KitError('record-malformed', `event ${event.id}: received the time ${event.time}`, {
          repair: 'state times in whole milliseconds since the epoch',
        });
      times[input] = Math.max(times[input] ?? -1, event.time);
      if (operator.lateFrom(event.time) <= horizon) {
        this.#late += 1;
        late.push(...this.#lateRecord(event, value));
      } else if (this.#isNew(event)) {
        operator.accept(input, event, store.view, horizon);
        this.#remember(event);
      } else this.#duplicates += 1;
      settle();
    }
    settle();
    this.#forget(horizon);
    return { progress: { offsets, times, horizon }, emitted, late };
  }

  /** What was seen of the slowest input that is waited for, less how much later an event may come. */
  #horizonOf(times: readonly number[], idle: ReadonlySet<number>): number {
    const active = times.filter((_, input) => !idle.has(input));
    return Math.min(...(active.length === 0 ? [Math.max(...times)] : active)) - this.#options.latenessMs;
  }

  // `i/<id>` remembers an event as long as it can matter; `x/<until when>/<id>` says how long that is. Operators have
  // keys of their own: none begins with these letters.
  #isNew({ id }: TimedEvent): boolean {
    return this.#options.store.view.get(`i/${part(id)}`) === undefined;
  }

  #remember({ id, time }: TimedEvent): void {
    const { store, operator } = this.#options;
    store.view.put(`i/${part(id)}`, true);
    store.view.put(`x/${timeText(operator.lateFrom(time))}/${part(id)}`, true);
  }

  #forget(horizon: number): void {
    const { view } = this.#options.store;
    for (const [key] of view.range(...upTo('x', horizon))) {
      view.delete(key);
      view.delete(`i/${key.slice(key.indexOf('/', 2) + 1)}`);
    }
  }

  #recordOf({ id, key, value }: Emitted, topic: string): OutgoingRecord {
    const { name } = this.#options;
    return {
      topic,
      key,
      value: new TextEncoder().encode(JSON.stringify(value)),
      headers: headersOf({ id: `${name}/${id}`, type: name }),
    };
  }

  #lateRecord({ id, key, time }: TimedEvent, value: Uint8Array | null): readonly OutgoingRecord[] {
    const { late, name } = this.#options;
    if (late === undefined) return [];
    const headers = headersOf({ id: `${name}/late/${part(id)}`, type: `${name}-late`, 'event-time': String(time) });
    return [{ topic: late, key, value, headers }];
  }
}
