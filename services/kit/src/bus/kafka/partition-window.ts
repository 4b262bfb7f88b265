import { LONGEST_HISTORY } from '../attempt-history.ts';
import type { AttemptRecord } from '../port.ts';

/** What is known of one item that is not as it was published. */
export interface Slot {
  state: 'free' | 'leased' | 'done';
  attempts: number;
  /** By the owner's steady clock, before which it must not be taken. */
  dueAt: number;
  history: readonly AttemptRecord[];
  /** Given up: only its burial is left to do. */
  isDead: boolean;
}

/** Offsets between the oldest unsettled item and the newest that may be taken. */
export const WINDOW = 128;

/** What brokers take by default is 4,096; the rest is theirs. */
const LONGEST_METADATA = 4_000;
const LONGEST_REASON_CARRIED = 200;

interface Carried {
  /** Whose it is: no two owners write the same. */
  readonly e: number;
  /** Last token handed out. */
  readonly t: number;
  /** Done beyond the watermark: place and length of each run. */
  readonly d: readonly number[];
  /** When this was written. What remained of a wait by then is all that it lasts, also by a clock that is behind. */
  readonly w?: number;
  /** Place, attempts, 1 leased or 2 dead, milliseconds until it is due. */
  readonly s: readonly (readonly [number, number, number, number])[];
  /** Place and its last failures, as far as there is room. */
  readonly h: readonly (readonly [number, readonly AttemptRecord[]])[];
}

/**
 * The unsettled items of one partition, as they are kept in the metadata of the group's committed offset: the offset is
 * the watermark below which all is settled, the metadata says what is settled above it, what was attempted how often
 * and which token was the last. One commit, which the broker refuses from whoever does not own the partition any more,
 * carries all of it: there is nothing that could be written by halves.
 */
export class PartitionWindow {
  epoch = 0;
  token = 0;
  #base: number;
  readonly #slots = new Map<number, Slot>();

  constructor(base: number) {
    this.#base = base;
  }

  /** @param metadata as `encode` wrote it; anything else is a partition nobody has worked on */
  static parse(base: number, metadata: string | null, now: number): PartitionWindow {
    const window = new PartitionWindow(base);
    const carried = readCarried(metadata);
    if (carried === undefined) return window;
    window.epoch = carried.e;
    window.token = carried.t;
    for (let n = 0; n < carried.d.length; n += 2) {
      const [from = 0, length = 0] = carried.d.slice(n, n + 2);
      for (let place = from; place < from + length; place++) window.slot(base + place).state = 'done';
    }
    const histories = new Map(carried.h);
    const elapsed = Math.max(0, now - (carried.w ?? 0));
    for (const [place, attempts, flag, waitMs] of carried.s) {
      const slot = window.slot(base + place);
      slot.state = flag === 1 ? 'leased' : 'free';
      slot.attempts = attempts;
      slot.isDead = flag === 2;
      slot.dueAt = now + Math.max(0, waitMs - elapsed);
      slot.history = histories.get(place) ?? [];
    }
    return window;
  }

  /** The watermark: everything below is settled. */
  get base(): number {
    return this.#base;
  }

  get end(): number {
    return this.#base + WINDOW;
  }

  peek(offset: number): Slot | undefined {
    return this.#slots.get(offset);
  }

  slot(offset: number): Slot {
    const known = this.#slots.get(offset);
    if (known !== undefined) return known;
    const slot: Slot = { state: 'free', attempts: 0, dueAt: 0, history: [], isDead: false };
    this.#slots.set(offset, slot);
    return slot;
  }

  isSettled(offset: number): boolean {
    return offset < this.#base || this.#slots.get(offset)?.state === 'done';
  }

  settle(offset: number): void {
    if (offset < this.#base) return;
    const slot = this.slot(offset);
    slot.state = 'done';
    slot.history = [];
    while (this.#slots.get(this.#base)?.state === 'done') this.#slots.delete(this.#base++);
  }

  /** Everything before is gone from the log. */
  skipTo(offset: number): void {
    for (; this.#base < offset; this.#base++) this.#slots.delete(this.#base);
    while (this.#slots.get(this.#base)?.state === 'done') this.#slots.delete(this.#base++);
  }

  /** The leases of an owner that is gone are over; its attempts count. */
  takeOver(now: number, tokensPerMs: number): void {
    this.epoch = Math.max(this.epoch + 1, now);
    this.token = Math.max(this.token, now * tokensPerMs);
    for (const slot of this.#slots.values()) if (slot.state === 'leased') slot.state = 'free';
  }

  /** Items that may not be taken yet: their offsets, and when they may. */
  *delayed(now: number): Generator<readonly [offset: number, dueAt: number]> {
    for (const [offset, { state, dueAt }] of this.#slots) if (state === 'free' && dueAt > now) yield [offset, dueAt];
  }

  count(now: number): { readonly done: number; readonly leased: number; readonly delayed: number } {
    const slots = [...this.#slots.values()];
    return {
      done: slots.filter(({ state }) => state === 'done').length,
      leased: slots.filter(({ state }) => state === 'leased').length,
      delayed: slots.filter(({ state, dueAt }) => state === 'free' && dueAt > now).length,
    };
  }

  encode(now: number): string {
    const offsets = [...this.#slots.keys()].sort((a, b) => a - b);
    const done: number[] = [];
    const states: [number, number, number, number][] = [];
    const histories: [number, readonly AttemptRecord[]][] = [];
    for (const offset of offsets) {
      const place = offset - this.#base;
      const { state, attempts, isDead, dueAt, history } = this.slot(offset);
      if (state === 'done') {
        const length = done.at(-1) ?? 0;
        if (done.length > 0 && (done.at(-2) ?? 0) + length === place) done[done.length - 1] = length + 1;
        else done.push(place, 1);
      } else if (attempts > 0 || isDead) {
        const waitMs = Math.max(0, Math.ceil(dueAt - now));
        states.push([place, attempts, state === 'leased' ? 1 : isDead ? 2 : 0, waitMs]);
        if (history.length > 0) histories.push([place, history.slice(-LONGEST_HISTORY).map(shortened)]);
      }
    }
    const carried: Carried = { e: this.epoch, t: this.token, w: Math.floor(now), d: done, s: states, h: [] };
    let room = LONGEST_METADATA - Buffer.byteLength(JSON.stringify(carried));
    const kept = histories.filter((history) => {
      room -= Buffer.byteLength(JSON.stringify(history)) + 1;
      return room >= 0;
    });
    return JSON.stringify({ ...carried, h: kept });
  }
}

const shortened = (record: AttemptRecord): AttemptRecord => ({
  ...record,
  reason: record.reason.slice(0, LONGEST_REASON_CARRIED),
});

function readCarried(metadata: string | null): Carried | undefined {
  if (metadata === null || !metadata.startsWith('{"e":')) return undefined;
  return JSON.parse(metadata) as Carried;
}
