import type { DurationInput } from '@penstock/model';
import { KitError } from '../../errors.ts';
import { durationMs } from '../../jobs/backoff.ts';
import { type Emitted, type Operator, part, type TimedEvent, timeText, upTo, within } from './operator.ts';
import type { StateView } from './state-store.ts';

/** `[start, end)` for windows of a fixed size; the times of the first and the last event for a session. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

export type WindowSpec =
  | { readonly kind: 'fixed'; readonly sizeMs: number; readonly everyMs: number }
  | { readonly kind: 'session'; readonly gapMs: number };

/** One after the other, beginning with the epoch. */
export const tumbling = (size: DurationInput): WindowSpec => hopping(size, size);

/** Of one size, a new one every so often: an event is in each that it falls into. @throws {KitError} `processor-malformed` */
export function hopping(size: DurationInput, every: DurationInput): WindowSpec {
  const [sizeMs, everyMs] = [durationMs(size), durationMs(every)];
  if (everyMs >= 1 && sizeMs >= everyMs) return { kind: 'fixed', sizeMs, everyMs };
  throw new KitError('processor-malformed', `windows of ${sizeMs} ms every ${everyMs} ms leave events out`, {
    repair: 'begin them at least as often as they are long',
  });
}

/** Events of one key with no longer gap between them. @throws {KitError} `processor-malformed` */
export function session(gap: DurationInput): WindowSpec {
  const gapMs = durationMs(gap);
  if (gapMs >= 1) return { kind: 'session', gapMs };
  throw new KitError('processor-malformed', `sessions with a gap of ${gapMs} ms`, { repair: 'state a gap' });
}

export interface Aggregation<Value, Sum> {
  readonly initial: Sum;
  /** What is kept is JSON. */
  readonly add: (sum: Sum, value: Value, event: TimedEvent) => Sum;
  /** Two sessions that an event joins. @default - only windows of a fixed size are aggregated */
  readonly merge?: (one: Sum, other: Sum) => Sum;
}

/** What comes of a window. */
export interface WindowResult<Sum> extends Window {
  readonly sum: Sum;
}

/**
 * Sums up what falls into each window of a key.
 *
 * @throws {KitError} `processor-malformed` for sessions that cannot be merged
 */
export function aggregate<Value, Sum>(windows: WindowSpec, aggregation: Aggregation<Value, Sum>): Operator {
  if (windows.kind === 'fixed') return fixedWindows(windows.sizeMs, windows.everyMs, aggregation);
  const { merge } = aggregation;
  if (merge !== undefined) return sessions(windows.gapMs, { ...aggregation, merge });
  throw new KitError('processor-malformed', 'sessions are aggregated without a merge', {
    repair: 'say what two sessions come to that an event joins',
  });
}

interface Kept<Sum> extends Window {
  readonly key: string;
  readonly sum: Sum;
}

const resultOf = <Sum>({ key, start, end, sum }: Kept<Sum>): Emitted => ({
  id: `${part(key)}/${start}-${end}`,
  key,
  value: { start, end, sum } satisfies WindowResult<Sum>,
});

// `w/<key>/<time>` holds a window; `c/<when it closes>/<key>/<time>` says where it is.
const windowAt = (key: string, time: number): string => `w/${part(key)}/${timeText(time)}`;
const closingAt = (closes: number, key: string, time: number): string =>
  `c/${timeText(closes)}/${part(key)}/${timeText(time)}`;

function closed<Sum>(state: StateView, horizon: number): readonly Emitted[] {
  const results: Emitted[] = [];
  for (const [closing, place] of state.range(...upTo('c', horizon))) {
    results.push(resultOf(state.get(place as string) as Kept<Sum>));
    state.delete(place as string);
    state.delete(closing);
  }
  return results;
}

function fixedWindows<Value, Sum>(
  sizeMs: number,
  everyMs: number,
  { initial, add }: Aggregation<Value, Sum>,
): Operator {
  return {
    lateFrom: (time) => Math.floor(time / everyMs) * everyMs + sizeMs,
    accept(_, event, state, horizon) {
      const { key, time } = event;
      const last = Math.floor(time / everyMs) * everyMs;
      for (let start = last; start > time - sizeMs && start + sizeMs > horizon; start -= everyMs) {
        const end = start + sizeMs;
        // By its end: the first ones begin before the epoch.
        const place = windowAt(key, end);
        const kept = state.get(place) as Kept<Sum> | undefined;
        state.put(place, { key, start, end, sum: add(kept?.sum ?? initial, event.value as Value, event) });
        if (kept === undefined) state.put(closingAt(end, key, end), place);
      }
    },
    settle: (state, horizon) => closed<Sum>(state, horizon),
  };
}

function sessions<Value, Sum>(gapMs: number, { initial, add, merge }: Required<Aggregation<Value, Sum>>): Operator {
  // A session closes when no event that is taken can be within the gap of its end.
  const closing = ({ key, start, end }: Window & { readonly key: string }): string =>
    closingAt(end + gapMs, key, start);
  return {
    lateFrom: (time) => time,
    accept(_, event, state) {
      const { key, time } = event;
      let joined: Kept<Sum> = { key, start: time, end: time, sum: add(initial, event.value as Value, event) };
      for (const [place, value] of state.range(...within(`w/${part(key)}/`))) {
        const open = value as Kept<Sum>;
        if (open.start > time + gapMs || open.end < time - gapMs) continue;
        state.delete(place);
        state.delete(closing(open));
        const start = Math.min(open.start, joined.start);
        joined = { key, start, end: Math.max(open.end, joined.end), sum: merge(open.sum, joined.sum) };
      }
      const place = windowAt(key, joined.start);
      state.put(place, joined);
      state.put(closing(joined), place);
    },
    settle: (state, horizon) => closed<Sum>(state, horizon),
  };
}
