import type { StateView } from './state-store.ts';

// An operator turns events of one partition into results, and keeps what it needs in a state. It reads no clock: time is
// that of the events. A result comes once, when nothing that could change it is taken any more.

/** An event as operators see it. */
export interface TimedEvent {
  /** The same for every delivery. */
  readonly id: string;
  readonly key: string;
  /** When it happened, in milliseconds since the epoch. */
  readonly time: number;
  readonly value: unknown;
}

/** What an operator tells. */
export interface Emitted {
  /** The same whenever the same result is computed again: readers know by it what they have seen. */
  readonly id: string;
  readonly key: string;
  readonly value: unknown;
}

export interface Operator {
  /** The horizon from which on an event of this time is late. Until then its id is remembered. */
  readonly lateFrom: (time: number) => number;
  /**
   * Takes in an event that is not late and was not there before.
   *
   * @param input which of the inputs it came by, from 0
   * @param horizon events up to this time were waited for
   */
  readonly accept: (input: number, event: TimedEvent, state: StateView, horizon: number) => void;
  /** Gives what is settled by a horizon, and forgets what is needed no more. */
  readonly settle: (state: StateView, horizon: number) => readonly Emitted[];
}

const DIGITS = 16;

/** A time as text whose order is that of times. */
export const timeText = (time: number): string => String(time).padStart(DIGITS, '0');

/** A part of a state's key: no text runs into the next part. */
export const part = (text: string): string => encodeURIComponent(text);

/** Where the times of a space end that are not after a horizon. */
export const upTo = (space: string, horizon: number): readonly [from: string, to: string] => [
  `${space}/`,
  `${space}/${timeText(Math.max(0, Math.floor(horizon) + 1))}`,
];

/** All that begins with a text. */
export const within = (prefix: string): readonly [from: string, to: string] => [prefix, `${prefix}\uffff`];
