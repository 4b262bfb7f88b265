import type { TimedEvent } from '@penstock/kit/processing';

// What an operator has to come to, written down as plainly as can be: all events at once, no state, no expiry.

export interface SeenEvent {
  readonly input: number;
  readonly event: TimedEvent;
}

interface Accepted extends SeenEvent {
  /** When it came. */
  readonly horizon: number;
}

export interface Reference {
  readonly accepted: readonly Accepted[];
  readonly late: readonly string[];
  readonly horizon: number;
}

/** Which events count, by the times seen before each. @param isLate whether nothing can be made of a time any more */
export function admit(
  seen: readonly SeenEvent[],
  inputs: number,
  latenessMs: number,
  isLate: (time: number, horizon: number) => boolean,
): Reference {
  const times = Array.from({ length: inputs }, () => -1);
  const accepted: Accepted[] = [];
  const late: string[] = [];
  let horizon = -1;
  for (const { input, event } of seen) {
    times[input] = Math.max(times[input] as number, event.time);
    if (isLate(event.time, horizon)) late.push(event.id);
    else if (!accepted.some((other) => other.event.id === event.id)) accepted.push({ input, event, horizon });
    horizon = Math.max(horizon, Math.min(...times) - latenessMs);
  }
  return { accepted, late, horizon };
}

export type Results = ReadonlyMap<string, unknown>;

export function windowsOf({ accepted, horizon }: Reference, sizeMs: number, everyMs: number): Results {
  const sums = new Map<string, { start: number; end: number; sum: number }>();
  for (const { event, horizon: then } of accepted)
    for (let start = -sizeMs + everyMs; start <= event.time; start += everyMs) {
      const end = start + sizeMs;
      if (event.time >= end || end <= then) continue;
      const id = `${event.key}/${start}-${end}`;
      sums.set(id, { start, end, sum: (sums.get(id)?.sum ?? 0) + (event.value as number) });
    }
  return new Map([...sums].filter(([, { end }]) => end <= horizon));
}

export function sessionsOf({ accepted, horizon }: Reference, gapMs: number): Results {
  const results = new Map<string, unknown>();
  for (const key of new Set(accepted.map(({ event }) => event.key))) {
    const events = accepted.map(({ event }) => event).filter((event) => event.key === key);
    events.sort((a, b) => a.time - b.time);
    const sessions: { start: number; end: number; sum: number }[] = [];
    for (const { time, value } of events) {
      const last = sessions.at(-1);
      if (last !== undefined && time - last.end <= gapMs) {
        last.end = time;
        last.sum += value as number;
      } else sessions.push({ start: time, end: time, sum: value as number });
    }
    for (const session of sessions)
      if (session.end + gapMs <= horizon) results.set(`${key}/${session.start}-${session.end}`, session);
  }
  return results;
}

export function pairsOf({ accepted, horizon }: Reference, withinMs: number, kind: 'inner' | 'left'): Results {
  const results = new Map<string, unknown>();
  const side = (input: number) => accepted.filter((one) => one.input === input).map(({ event }) => event);
  for (const left of side(0)) {
    const met = side(1).filter(({ key, time }) => key === left.key && Math.abs(time - left.time) <= withinMs);
    for (const right of met) results.set(`${left.id}/${right.id}`, [left.value, right.value]);
    if (kind === 'left' && met.length === 0 && left.time + withinMs <= horizon)
      results.set(left.id, [left.value, null]);
  }
  return results;
}

export function rowsOf({ accepted, horizon }: Reference, kind: 'inner' | 'left'): Results {
  const results = new Map<string, unknown>();
  for (const { input, event } of accepted) {
    if (input !== 0 || event.time > horizon) continue;
    const rows = accepted.filter(
      (one) => one.input === 1 && one.event.key === event.key && one.event.time <= event.time,
    );
    // The latest; of two of one time the one that came later.
    const row = rows.reduce<(typeof rows)[number] | undefined>(
      (best, one) => (best === undefined || one.event.time >= best.event.time ? one : best),
      undefined,
    );
    const value = row?.event.value ?? null;
    if (value !== null || kind === 'left') results.set(event.id, [event.value, value]);
  }
  return results;
}
