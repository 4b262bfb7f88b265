import type { DurationInput } from '@penstock/model';
import { durationMs } from '../../jobs/backoff.ts';
import { type Emitted, type Operator, part, type TimedEvent, timeText, upTo, within } from './operator.ts';

/** A pair of events of one key. */
export interface Joined<Left, Right> {
  readonly left: Left;
  /** Undefined where nothing was found on the right, and that is told. */
  readonly right: Right | undefined;
}

export interface StreamJoinOptions<Left, Right> {
  /** How far apart the times of the two may be. */
  readonly within: DurationInput;
  /** `left`: an event of the left that nothing is found for is told alone. @default 'inner' */
  readonly kind?: 'inner' | 'left';
  readonly result: (pair: Joined<Left, Right>, key: string) => unknown;
}

interface Side {
  readonly key: string;
  readonly id: string;
  readonly time: number;
  readonly value: unknown;
}

/**
 * Joins two streams: every two events of one key that are close enough in time. The first input is the left one; both
 * have as many partitions, and are written by the same key.
 */
export function joinStreams<Left, Right>(options: StreamJoinOptions<Left, Right>): Operator {
  const withinMs = durationMs(options.within);
  const isLeft = options.kind === 'left';
  // `0/<key>/<time>/<id>` and `1/...` hold the sides; `g/<when it goes>/<side>/<place>` says when each goes;
  // `p/<time>/<id>` holds what is to be told; `m/<id>` that a left one was met.
  const placeOf = (side: number, { key, time, id }: Side): string =>
    `${side}/${part(key)}/${timeText(time)}/${part(id)}`;
  const told = (left: Side, right: Side | undefined): Emitted => ({
    id: right === undefined ? part(left.id) : `${part(left.id)}/${part(right.id)}`,
    key: left.key,
    value: options.result({ left: left.value as Left, right: right?.value as Right | undefined }, left.key),
  });
  return {
    lateFrom: (time) => time,
    accept(input, { id, key, time, value }, state) {
      const own: Side = { key, id, time, value };
      const place = placeOf(input, own);
      state.put(place, own);
      state.put(`g/${timeText(time + withinMs)}/${place}`, place);
      const prefix = `${1 - input}/${part(key)}/`;
      const from = `${prefix}${timeText(Math.max(0, time - withinMs))}`;
      for (const [, found] of state.range(from, `${prefix}${timeText(time + withinMs)}/\uffff`)) {
        const other = found as Side;
        const [left, right] = input === 0 ? [own, other] : [other, own];
        const pair = told(left, right);
        state.put(`p/${pair.id}`, pair);
        if (isLeft) state.put(`m/${part(left.id)}`, true);
      }
    },
    settle(state, horizon) {
      const results: Emitted[] = [];
      for (const [place, pair] of state.range(...within('p/'))) {
        results.push(pair as Emitted);
        state.delete(place);
      }
      for (const [going, place] of state.range(...upTo('g', horizon))) {
        const side = state.get(place as string) as Side;
        state.delete(place as string);
        state.delete(going);
        if (!isLeft || !(place as string).startsWith('0/')) continue;
        const met = `m/${part(side.id)}`;
        if (state.get(met) === undefined) results.push(told(side, undefined));
        else state.delete(met);
      }
      return results;
    },
  };
}

export interface TableJoinOptions<Value, Row> {
  /** `left`: an event whose key the table does not have is told too. @default 'inner' */
  readonly kind?: 'inner' | 'left';
  readonly result: (pair: Joined<Value, Row>, event: TimedEvent) => unknown;
}

/**
 * Joins a stream with a table: each event with the row of its key as it was at the time of the event. The first input is
 * the stream, the second the changes of the table, where null takes a row away. Both have as many partitions, and are
 * written by the same key.
 */
export function joinTable<Value, Row>({ kind = 'inner', result }: TableJoinOptions<Value, Row>): Operator {
  // `t/<key>/<time>` holds a row from then on; `v/<time>/<key>` when it came; `b/<time>/<id>` events that wait until
  // no change of their time is taken any more.
  const rowAt = (key: string, time: number): string => `t/${part(key)}/${timeText(time)}`;
  return {
    lateFrom: (time) => time,
    accept(input, event, state) {
      const { id, key, time, value } = event;
      if (input === 0) state.put(`b/${timeText(time)}/${part(id)}`, { id, key, time, value });
      else {
        state.put(rowAt(key, time), { row: value });
        state.put(`v/${timeText(time)}/${part(key)}`, { key, time });
      }
    },
    settle(state, horizon) {
      const results: Emitted[] = [];
      for (const [place, kept] of state.range(...upTo('b', horizon))) {
        const event = kept as TimedEvent;
        state.delete(place);
        const rows = state.range(`t/${part(event.key)}/`, `${rowAt(event.key, event.time)}\uffff`);
        const row = (rows.at(-1)?.[1] as { readonly row: Row | null } | undefined)?.row ?? undefined;
        if (row === undefined && kind === 'inner') continue;
        const value = result({ left: event.value as Value, right: row }, event);
        results.push({ id: part(event.id), key: event.key, value });
      }
      // Of the rows that no event can ask for any more only the last of each key is kept, and none that says nothing.
      for (const [place, kept] of state.range(...upTo('v', horizon))) {
        const { key, time } = kept as { readonly key: string; readonly time: number };
        state.delete(place);
        for (const [older] of state.range(`t/${part(key)}/`, rowAt(key, time))) state.delete(older);
        const last = state.get(rowAt(key, time)) as { readonly row: Row | null } | undefined;
        if (last?.row === null) state.delete(rowAt(key, time));
      }
      return results;
    },
  };
}
