import { describe, expect, test } from '@jest/globals';
import { checkEvents, type EventEffectRow, type EventRecording } from '../../chaos/event-check.ts';
import { type Plan, planOf } from '../../chaos/plan.ts';

const item = (key: string, failures: 0 | 'refused' = 0) => ({ key, workMs: 0, failures, orderKey: 'a' });
const PLAN: Plan = {
  ...planOf('events-sqlite', 1),
  items: [item('e1'), item('e2'), item('bad', 'refused'), item('e3')],
};
const effects = (...items: readonly string[]): readonly EventEffectRow[] =>
  items.map((name, index) => ({ seq: index + 1, item: name, aggregate: 'a' }));
const RIGHT: EventRecording = {
  appended: new Set(['e1', 'e2', 'bad', 'e3']),
  effects: effects('e1', 'e2', 'e3'),
  dead: ['bad'],
  unfinished: 0,
};
const rulesOf = (recording: Partial<EventRecording>) =>
  checkEvents(PLAN, { ...RIGHT, ...recording }).map(({ rule, item: name }) => `${rule} ${name}`);

describe('the judgement of a run of events', () => {
  test('finds nothing where each has its effect once, in order, and what was refused lies among the dead letters', () => {
    expect(rulesOf({})).toEqual([]);
  });
  test('finds an event without an effect', () => {
    expect(rulesOf({ effects: effects('e1', 'e3') })).toEqual(['lost e2']);
  });
  test('believes that one is lost only when nothing is under way', () => {
    expect(rulesOf({ effects: effects('e1'), unfinished: 2 })).toEqual(['unfinished *']);
  });
  test('asks for no effect of an append that nobody answered', () => {
    expect(rulesOf({ effects: effects('e1', 'e2'), appended: new Set(['e1', 'e2', 'bad']) })).toEqual([]);
  });
  test('finds a second effect, and one that nobody asked for', () => {
    expect(rulesOf({ effects: effects('e1', 'e2', 'e2', 'e3') })).toEqual(['applied-twice e2']);
    expect(rulesOf({ effects: effects('e1', 'e2', 'e3', 'e9') })).toContain('applied-unpublished e9');
  });
  test('finds an effect behind a later one of its aggregate', () => {
    expect(rulesOf({ effects: effects('e2', 'e1', 'e3') })).toEqual(['out-of-order e1']);
  });
  test('finds dead letters that are missing or have no reason', () => {
    expect(rulesOf({ dead: [] })).toEqual(['dead-letter-missing bad']);
    expect(rulesOf({ dead: ['bad', 'e1'] })).toEqual(['dead-letter-unfounded e1']);
  });
});
