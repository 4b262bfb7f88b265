import { describe, expect, test } from '@jest/globals';
import { BACKBONES, FAULTS, isOfEvents, isOfJobs, planOf, readPlan } from '../../chaos/plan.ts';

describe.each(BACKBONES)('plans for %s', (backbone) => {
  const plans = Array.from({ length: 400 }, (_, seed) => planOf(backbone, seed));

  test('follow from their seed alone', () => {
    expect(plans.map(({ seed }) => planOf(backbone, seed))).toEqual(plans);
    expect(new Set(plans.map((plan) => JSON.stringify({ ...plan, seed: 0 }))).size).toBe(plans.length);
  });

  test('hold every fault that the backbone can have, and no other', () => {
    const kinds = new Set(plans.flatMap(({ faults }) => faults.map(({ fault }) => fault.kind)));
    expect([...kinds].sort()).toEqual([...new Set(FAULTS[backbone])].sort());
  });

  test('have moments that come, and hurt only workers that are there', () => {
    for (const { items, faults, workers } of plans)
      for (const { at, fault } of faults) {
        expect(at.count).toBeGreaterThanOrEqual(1);
        expect(at.count).toBeLessThanOrEqual(items.length);
        if ('worker' in fault) expect(fault.worker).toBeLessThan(workers);
      }
  });

  test('with an order to be seen have one publisher, one worker and no planned retry', () => {
    const ordered = plans.filter(({ isOrdered }) => isOrdered);
    // That of jobs and events is the order of their keys, whoever works on them.
    expect(ordered.length > 50).toBe(!isOfJobs(backbone) && !isOfEvents(backbone));
    for (const { publishers, workers, concurrency, items } of ordered) {
      expect([publishers, workers, concurrency]).toEqual([1, 1, 1]);
      expect(items.every(({ failures }) => failures === 0 || failures === 'refused')).toBe(true);
    }
  });
});

test('jobs have order keys, steps and ends of every kind, and faults of their own', () => {
  const items = Array.from({ length: 50 }, (_, seed) => planOf('jobs-sqlite', seed)).flatMap((plan) => plan.items);
  for (const share of [
    items.filter(({ orderKey }) => orderKey !== undefined),
    items.filter(({ hasStep }) => hasStep === true),
    items.filter(({ failures }) => failures === 'always'),
    items.filter(({ failures }) => failures === 'refused'),
    items.filter(({ failures }) => failures === 1),
  ])
    expect(share.length).toBeGreaterThan(items.length / 50);
  expect(FAULTS['jobs-sqlite']).toEqual(expect.arrayContaining(['kill-dispatcher', 'stop-dispatcher', 'cancel']));
});

test('a plan that was written down is read again', () => {
  const plan = planOf('nats', 7);
  expect(readPlan(JSON.stringify({ plan, findings: [] }))).toEqual(plan);
});

test('rejects a file without a plan', () => {
  expect(() => readPlan('{}')).toThrow('holds no plan');
});
