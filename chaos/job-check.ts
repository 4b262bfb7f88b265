import type { Finding } from './check.ts';
import type { JobEnd, JobEvent, JobHistoryRow } from './job-history.ts';
import type { Plan, PlannedItem } from './plan.ts';

// Judges a run of jobs from what was recorded, knowing nothing of how it was run.

export interface Addition {
  readonly item: string;
  readonly id: string;
  readonly duplicate: boolean;
  /** The key had been acknowledged before this add began. */
  readonly isRepeat: boolean;
}

export interface JobRecording {
  /** Acknowledged ones. */
  readonly additions: readonly Addition[];
  /** Keys of the jobs whose cancel was asked for, and those that were told `cancelled`. */
  readonly cancels: { readonly asked: ReadonlySet<string>; readonly confirmed: ReadonlySet<string> };
  readonly history: readonly JobHistoryRow[];
  readonly ends: readonly JobEnd[];
  /** Work of a step that was begun, as workers told of it. */
  readonly stepping: readonly { readonly job: string; readonly attempt: number }[];
}

const OVER: readonly JobEvent[] = ['succeeded', 'failed', 'cancelled'];
const isOver = ({ state }: JobEnd): boolean => OVER.some((event) => event === state);

export function checkJobs(plan: Plan, recording: JobRecording): readonly Finding[] {
  const items = new Map(plan.items.map((item) => [item.key, item]));
  const histories = Map.groupBy(recording.history, ({ job }) => job);
  const left = recording.ends.filter((end) => !isOver(end)).length;
  const findings = recording.ends.flatMap((end) => {
    const rows = histories.get(end.id) ?? [];
    const item = items.get(end.key);
    return [
      ...onceOnly(end, rows),
      ...afterItsEnd(end, rows),
      ...attempts(end, rows),
      ...steps(end, rows, recording),
      ...(item === undefined || !isOver(end) ? [] : asPlanned(item, end, rows, recording)),
    ];
  });
  return [
    ...lost(recording),
    ...findings,
    ...outOfOrder(items, recording, histories),
    ...duplicatesTaken(recording),
    ...(left === 0 ? [] : [{ rule: 'unfinished' as const, item: '*', detail: `${left} jobs are not over` }]),
  ];
}

const countOf = (rows: readonly JobHistoryRow[], event: JobEvent): number =>
  rows.filter(({ kind }) => kind === event).length;

function* lost({ additions, ends }: JobRecording): Generator<Finding> {
  const there = new Set(ends.map(({ id }) => id));
  for (const { item, id } of additions)
    if (!there.has(id)) yield { rule: 'lost', item, detail: `its add was acknowledged as ${id}; there is no such job` };
}

function* onceOnly({ key, state }: JobEnd, rows: readonly JobHistoryRow[]): Generator<Finding> {
  const effects = rows.filter(({ kind }) => kind === 'effect');
  if (effects.length > 1)
    yield {
      rule: 'applied-twice',
      item: key,
      detail: `by attempts ${effects.map(({ attempt }) => attempt).join(', ')}`,
    };
  if (effects.length > 0 && state !== 'succeeded')
    yield { rule: 'applied-twice', item: key, detail: `it is ${state}, and its effect was applied` };
  if (effects.length === 0 && state === 'succeeded')
    yield { rule: 'lost', item: key, detail: 'it succeeded, and there is no effect' };
  let latest = 0;
  for (const { kind, attempt } of rows) {
    if (kind === 'begun') latest = attempt;
    if ((kind === 'effect' || kind === 'step-effect') && attempt !== latest)
      yield {
        rule: 'applied-behind-fence',
        item: key,
        detail: `${kind} of attempt ${attempt} after ${latest} had begun`,
      };
  }
}

/** The effect of a job is written with its end, and so may stand behind it. */
function* afterItsEnd({ key }: JobEnd, rows: readonly JobHistoryRow[]): Generator<Finding> {
  const end = rows.findIndex(({ kind }) => OVER.includes(kind));
  const how = rows[end]?.kind;
  if (end < 0 || how === undefined) return;
  for (const { kind, attempt } of rows.slice(end + 1)) {
    if (how === 'succeeded' && kind === 'effect') continue;
    const rule = how === 'cancelled' ? 'ran-after-cancel' : 'ran-after-end';
    yield { rule, item: key, detail: `${kind} of attempt ${attempt} after it had ${how}` };
  }
}

/** None of a run is handed back before its job is over, so every one that began counts. */
function* attempts(end: JobEnd, rows: readonly JobHistoryRow[]): Generator<Finding> {
  const begun = countOf(rows, 'begun');
  if (begun !== end.attempt)
    yield { rule: 'attempts-miscounted', item: end.key, detail: `${begun} began, ${end.attempt} are counted` };
  if (begun > end.maxAttempts)
    yield { rule: 'attempts-miscounted', item: end.key, detail: `${begun} began of ${end.maxAttempts} at most` };
}

function* steps({ id, key }: JobEnd, rows: readonly JobHistoryRow[], { stepping }: JobRecording): Generator<Finding> {
  const [kept, effects] = [countOf(rows, 'step'), countOf(rows, 'step-effect')];
  if (kept !== effects || kept > 1)
    yield { rule: 'step-repeated', item: key, detail: `its step was kept ${kept} times and had ${effects} effects` };
  const by = rows.find(({ kind }) => kind === 'step')?.attempt;
  if (by === undefined) return;
  for (const { job, attempt } of stepping)
    if (job === id && attempt > by)
      yield { rule: 'step-repeated', item: key, detail: `kept by attempt ${by}, and done again by ${attempt}` };
}

function* asPlanned(
  { key, failures }: PlannedItem,
  { state, attempt, maxAttempts }: JobEnd,
  rows: readonly JobHistoryRow[],
  { cancels }: JobRecording,
): Generator<Finding> {
  const isHopeless = failures === 'refused' || failures === 'always';
  if (cancels.confirmed.has(key) && state !== 'cancelled')
    yield { rule: 'ran-after-cancel', item: key, detail: `its cancel was confirmed, and it is ${state}` };
  if (state === 'cancelled' && !cancels.asked.has(key))
    yield { rule: 'cancelled-unasked', item: key, detail: 'nobody asked for it' };
  if (state === 'failed' && !isHopeless)
    yield { rule: 'dead-letter-unfounded', item: key, detail: 'no attempt was meant to be its last' };
  if (state === 'succeeded' && isHopeless)
    yield { rule: 'dead-letter-missing', item: key, detail: 'no attempt was meant to succeed' };
  if (state === 'failed' && failures === 'always' && attempt < maxAttempts)
    yield { rule: 'attempts-miscounted', item: key, detail: `it failed after ${attempt} of ${maxAttempts} attempts` };
  const applied = rows.find(({ kind }) => kind === 'effect')?.attempt;
  if (applied !== undefined && typeof failures === 'number' && applied <= failures)
    yield { rule: 'attempts-miscounted', item: key, detail: `attempt ${applied} succeeded, ${failures} were to fail` };
}

/** Of two with one order key, the later one begins when the earlier one is over. */
function* outOfOrder(
  items: ReadonlyMap<string, PlannedItem>,
  { ends, history }: JobRecording,
  histories: ReadonlyMap<string, readonly JobHistoryRow[]>,
): Generator<Finding> {
  const places = new Map(history.map((row, place) => [row, place]));
  const placeOf = (row: JobHistoryRow | undefined): number | undefined =>
    row === undefined ? undefined : places.get(row);
  const ordered = Map.groupBy(ends, ({ key }) => items.get(key)?.orderKey);
  for (const [orderKey, jobs] of ordered) {
    if (orderKey === undefined) continue;
    for (const [index, later] of jobs.entries()) {
      const earlier = jobs[index - 1];
      const begun = placeOf(histories.get(later.id)?.find(({ kind }) => kind === 'begun'));
      if (earlier === undefined || begun === undefined) continue;
      const over = placeOf(histories.get(earlier.id)?.find(({ kind }) => OVER.includes(kind)));
      if (over === undefined || over > begun)
        yield { rule: 'out-of-order', item: later.key, detail: `began before ${earlier.key} of ${orderKey} was over` };
    }
  }
}

function* duplicatesTaken({ additions }: JobRecording): Generator<Finding> {
  const ids = new Map<string, string>();
  for (const { item, id, duplicate, isRepeat } of additions) {
    const known = ids.get(item) ?? id;
    ids.set(item, known);
    if (id !== known || (isRepeat && !duplicate))
      yield { rule: 'duplicate-taken', item, detail: `added again within the window, and taken as ${id}` };
  }
}
