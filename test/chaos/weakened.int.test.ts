import { expect, test } from '@jest/globals';
import { FORGETFUL_REDIS } from '../../chaos/backbone.ts';
import { experiment } from '../../chaos/lab.ts';
import { type Plan, planOf } from '../../chaos/plan.ts';
import { describeWith } from '../helpers/requirement.ts';

// A lab that finds nothing proves nothing, unless it finds what is there to be found.

const PLAN: Plan = {
  ...planOf('redis', 1),
  workers: 2,
  concurrency: 4,
  publishers: 4,
  isOrdered: false,
  items: Array.from({ length: 40 }, (_, index) => ({ key: `item-${index}`, workMs: 60, failures: 0 })),
};

describeWith(FORGETFUL_REDIS.requirement, 'a backbone that forgets', () => {
  test('is found to have lost what it acknowledged', async () => {
    const faults = [
      { at: { event: 'published', count: 30 }, fault: { kind: 'kill-broker', server: 0, forMs: 0 } },
    ] as const;
    const [result] = await experiment({ plans: [{ ...PLAN, faults }], kind: FORGETFUL_REDIS });
    expect(new Set(result?.findings.map(({ rule }) => rule))).toContain('lost');
  }, 120_000);
});

test('workers that write past the fence are found to have applied twice', async () => {
  const faults = [
    { at: { event: 'begun', count: 10 }, fault: { kind: 'stop-worker', worker: 0, forMs: 2_000 } },
  ] as const;
  const plan: Plan = { ...PLAN, backbone: 'sqlite', faults };
  const [fenced] = await experiment({ plans: [plan] });
  expect(fenced?.findings).toEqual([]);
  const [unfenced] = await experiment({ plans: [plan], isFenced: false });
  expect(new Set(unfenced?.findings.map(({ rule }) => rule))).toContain('applied-twice');
}, 120_000);
