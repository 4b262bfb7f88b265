import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { headerOf } from '@penstock/kit/events';
import {
  aggregate,
  hopping,
  joinStreams,
  joinTable,
  type Operator,
  StateStore,
  session,
  Task,
  tumbling,
} from '@penstock/kit/processing';
import fc from 'fast-check';
import { MemoryLog } from './memory-log.ts';
import {
  admit,
  pairsOf,
  type Reference,
  type Results,
  rowsOf,
  type SeenEvent,
  sessionsOf,
  windowsOf,
} from './reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'penstock-processing-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LATENESS_MS = 15;
const SUM = {
  initial: 0,
  add: (sum: number, value: number) => sum + value,
  merge: (one: number, other: number) => one + other,
};
const pair = ({ left, right }: { readonly left: unknown; readonly right: unknown }) => [left, right ?? null];
const byTime = (time: number, horizon: number): boolean => time <= horizon;
const byWindows = (size: number, every: number) => (time: number, horizon: number) =>
  Math.floor(time / every) * every + size <= horizon;

interface Case {
  readonly operator: Operator;
  readonly inputs: number;
  readonly isLate: (time: number, horizon: number) => boolean;
  readonly expected: (reference: Reference) => Results;
}

const CASES: readonly (readonly [name: string, Case])[] = [
  [
    'tumbling windows',
    {
      operator: aggregate(tumbling('20 milliseconds'), SUM),
      inputs: 1,
      isLate: byWindows(20, 20),
      expected: (reference) => windowsOf(reference, 20, 20),
    },
  ],
  [
    'hopping windows',
    {
      operator: aggregate(hopping('30 milliseconds', '10 milliseconds'), SUM),
      inputs: 1,
      isLate: byWindows(30, 10),
      expected: (reference) => windowsOf(reference, 30, 10),
    },
  ],
  [
    'sessions',
    {
      operator: aggregate(session('8 milliseconds'), SUM),
      inputs: 1,
      isLate: byTime,
      expected: (reference) => sessionsOf(reference, 8),
    },
  ],
  ...(['inner', 'left'] as const).flatMap((kind): [string, Case][] => [
    [
      `an ${kind} join of two streams`,
      {
        operator: joinStreams({ within: '10 milliseconds', kind, result: pair }),
        inputs: 2,
        isLate: byTime,
        expected: (reference) => pairsOf(reference, 10, kind),
      },
    ],
    [
      `an ${kind} join with a table`,
      {
        operator: joinTable({ kind, result: pair }),
        inputs: 2,
        isLate: byTime,
        expected: (reference) => rowsOf(reference, kind),
      },
    ],
  ]),
];

type Fault = 'none' | 'before' | 'after' | 'disk';

interface Batch {
  readonly size: number;
  readonly fault: Fault;
}

let stores = 0;

/** All events, in batches of which some fail, until all are worked on. */
async function work({ operator, inputs }: Case, seen: readonly SeenEvent[], batches: readonly Batch[]) {
  const memory = new MemoryLog();
  const path = (): string => join(folder, `state-${++stores}.db`);
  let file = path();
  let store = new StateStore(file);
  const open = () =>
    Task.open({
      name: 'p',
      operator,
      inputs,
      latenessMs: LATENESS_MS,
      output: 'out',
      late: 'late',
      changelog: { topic: 'p-changelog', partition: 0 },
      log: memory.log,
      store,
      done: () => [],
    });
  let task = await open();
  let late = 0;
  for (let turn = 0; ; turn += 1) {
    const at = Array.from({ length: inputs }, (_, input) => task.offsetOf(input) ?? 0).reduce((a, b) => a + b, 0);
    if (at >= seen.length) break;
    const { size, fault } = batches[turn] ?? { size: seen.length, fault: 'none' };
    const counts = Array.from({ length: inputs }, (_, input) => task.offsetOf(input) ?? 0);
    const events = seen.slice(at, at + size).map(({ input, event }) => {
      const offset = counts[input] as number;
      counts[input] = offset + 1;
      return { input, offset, event, value: null };
    });
    if (fault === 'before' || fault === 'after') memory.failNext(fault);
    const failed = await task.process(events).then(
      () => false,
      () => true,
    );
    if (!failed && fault !== 'disk') continue;
    late += task.late;
    store[Symbol.dispose]();
    if (fault === 'disk') file = path();
    store = new StateStore(file);
    task = await open();
  }
  const state = store.all;
  store[Symbol.dispose]();
  return { memory, state, progress: task.progress, late };
}

const valuesOf = (memory: MemoryLog): readonly (readonly [string, unknown])[] =>
  memory
    .recordsOf('out')
    .map((record) => [
      decodeURIComponent((headerOf(record, 'id') ?? '').slice('p/'.length)),
      JSON.parse(Buffer.from(record.value ?? []).toString()) as unknown,
    ]);

const sorted = (entries: Iterable<readonly [string, unknown]>) =>
  [...entries].map(([id, value]) => JSON.stringify([id, value])).sort();

const time = fc.integer({ min: 0, max: 120 });
const events = (inputs: number) =>
  fc
    .array(
      fc.record({
        input: fc.integer({ min: 0, max: inputs - 1 }),
        time,
        key: fc.constantFrom('a', 'b', 'ü/%'),
        value: fc.oneof(
          { weight: 5, arbitrary: fc.integer({ min: 1, max: 9 }) },
          { weight: inputs - 1, arbitrary: fc.constant(null) },
        ),
        again: fc.option(fc.nat(20), { freq: 4 }),
      }),
      { maxLength: 60 },
    )
    .map((all): readonly SeenEvent[] => {
      const first = all.map(({ input, time, key, value }, index) => ({
        input,
        event: { id: `e${index}`, time, key, value: input === 0 ? (value ?? 1) : value },
      }));
      // Those that come again do so a while later, as they were.
      return first.flatMap((one, index) => {
        const again = all.flatMap((other, at) =>
          other.again !== null && at + (other.again ?? 0) === index ? [first[at] as SeenEvent] : [],
        );
        return [one, ...again];
      });
    });
const batches = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 12 }),
    fault: fc.oneof(
      { weight: 5, arbitrary: fc.constant<Fault>('none') },
      { weight: 3, arbitrary: fc.constantFrom<Fault>('before', 'after', 'disk') },
    ),
  }),
  { maxLength: 25 },
);

describe.each(CASES)('%s', (_, one) => {
  test('come to what the plain model says, whatever comes late, twice or out of order, and whatever fails', async () => {
    const told = { results: 0, late: 0 };
    await fc.assert(
      fc.asyncProperty(events(one.inputs), batches, async (seen, faults) => {
        const reference = admit(seen, one.inputs, LATENESS_MS, one.isLate);
        const expected = one.expected(reference);
        const { memory } = await work(one, seen, faults);
        // Each result once, though batches were done again.
        expect(sorted(valuesOf(memory))).toEqual(sorted(expected));
        const late = memory.recordsOf('late').map((record) => headerOf(record, 'id')?.slice('p/late/'.length));
        expect(late).toEqual(reference.late);
        told.results += expected.size;
        told.late += late.length;
      }),
      { numRuns: 100 },
    );
    expect(Math.min(told.results, told.late)).toBeGreaterThan(0);
  }, 120_000);

  test('is restored from the changelog to the state that it had', async () => {
    await fc.assert(
      fc.asyncProperty(events(one.inputs), batches, async (seen, faults) => {
        const { memory, state, progress } = await work(one, seen, faults);
        const store = new StateStore(join(folder, `state-${++stores}.db`));
        const task = await Task.open({
          name: 'p',
          operator: one.operator,
          inputs: one.inputs,
          latenessMs: LATENESS_MS,
          output: 'out',
          late: 'late',
          changelog: { topic: 'p-changelog', partition: 0 },
          log: memory.log,
          store,
          done: () => [],
        });
        expect([store.all, task.progress]).toEqual([state, progress]);
        store[Symbol.dispose]();
      }),
      { numRuns: 15 },
    );
  }, 120_000);
});

test('an input of which nothing comes is waited for until it is idle', async () => {
  const operator = joinTable<number, number>({ kind: 'left', result: pair });
  const store = new StateStore(join(folder, 'idle.db'));
  const memory = new MemoryLog();
  const task = await Task.open({
    name: 'p',
    operator,
    inputs: 2,
    latenessMs: 0,
    output: 'out',
    late: undefined,
    changelog: { topic: 'p-changelog', partition: 0 },
    log: memory.log,
    store,
    done: () => [],
  });
  const at = (offset: number, ms: number) => ({
    input: 0,
    offset,
    event: { id: `e${ms}`, key: 'a', time: ms, value: ms },
    value: null,
  });
  await task.process([at(0, 10), at(1, 20)]);
  expect(memory.recordsOf('out')).toEqual([]);
  await task.process([], new Set([1]));
  expect(valuesOf(memory)).toEqual([
    ['e10', [10, null]],
    ['e20', [20, null]],
  ]);
  // What was idle and comes again late is late.
  await task.process([{ ...at(0, 15), input: 1 }]);
  expect(task.late).toBe(1);
  store[Symbol.dispose]();
});

describe('a definition', () => {
  test.each([
    ['windows that leave events out', () => hopping('1 second', '2 seconds')],
    ['windows of no time', () => hopping('0 seconds', '0 seconds')],
    ['sessions without a gap', () => session('0 seconds')],
    ['sessions that cannot be merged', () => aggregate(session('1 second'), { initial: 0, add: (sum: number) => sum })],
  ])('rejects %s', (_, define) => {
    expect(define).toThrow(expect.objectContaining({ code: 'processor-malformed' }));
  });
});
