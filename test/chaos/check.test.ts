import { describe, expect, test } from '@jest/globals';
import { check, type Delivery, type Publication, type Recording } from '../../chaos/check.ts';
import type { Plan, PlannedItem } from '../../chaos/plan.ts';

const planOf = (items: readonly Partial<PlannedItem>[], more: Partial<Plan> = {}): Plan => ({
  backbone: 'nats',
  seed: 0,
  workers: 1,
  concurrency: 1,
  prefetch: 1,
  ackWaitMs: 1_000,
  publishers: 1,
  isOrdered: false,
  items: items.map((item, index) => ({ key: `k${index}`, workMs: 0, failures: 0, ...item })),
  faults: [],
  ...more,
});

const published = (item: string, more: Partial<Publication> = {}): Publication => ({
  item,
  outcome: 'acknowledged',
  id: `id-${item}`,
  duplicate: false,
  isRepeat: false,
  ...more,
});

const delivered = (item: string, token: number, attempt = 1): Delivery => ({ item, id: `id-${item}`, attempt, token });
const begun = (item: string, token: number) => ({ kind: 'begun', item, token }) as const;
const effect = (item: string, token: number) => ({ kind: 'effect', item, token }) as const;

/** Two items that were done as they should be. */
const SOUND: Recording = {
  publications: [published('k0'), published('k1')],
  deliveries: [delivered('k0', 1), delivered('k1', 2)],
  history: [begun('k0', 1), effect('k0', 1), begun('k1', 2), effect('k1', 2)],
  dead: [],
  unfinished: 0,
};
const TWO = planOf([{}, {}]);

const rulesOf = (plan: Plan, recording: Partial<Recording>) =>
  check(plan, { ...SOUND, ...recording }).map(({ rule, item }) => `${rule} ${item}`);

describe('the checker', () => {
  test('finds nothing in a sound run', () => {
    expect(rulesOf(TWO, {})).toEqual([]);
    expect(rulesOf({ ...TWO, isOrdered: true }, {})).toEqual([]);
  });

  test('finds an acknowledged item without an effect', () => {
    expect(rulesOf(TWO, { history: SOUND.history.slice(0, 2) })).toEqual(['lost k1']);
  });

  test('takes an item that nobody confirmed for what it is: there or not', () => {
    const publications = [published('k0'), published('k1', { outcome: 'unknown' })];
    expect(rulesOf(TWO, { publications })).toEqual([]);
    expect(rulesOf(TWO, { publications, history: SOUND.history.slice(0, 2) })).toEqual([]);
  });

  test('finds an effect that is there twice', () => {
    expect(rulesOf(TWO, { history: [...SOUND.history, effect('k1', 2)] })).toEqual(['applied-twice k1']);
  });

  test('finds an effect that nobody asked for', () => {
    expect(rulesOf(TWO, { publications: [published('k0')] })).toEqual(['applied-unpublished k1']);
  });

  test('finds an effect of a token behind the fence, also when it is the only one', () => {
    const history = [begun('k0', 1), begun('k0', 5), effect('k0', 1), begun('k1', 2), effect('k1', 2)];
    expect(rulesOf(TWO, { history })).toEqual(['applied-behind-fence k0']);
  });

  test('finds a token that was given twice', () => {
    const deliveries = [...SOUND.deliveries, delivered('k1', 2, 2)];
    expect(rulesOf(TWO, { deliveries })).toEqual(['token-twice k1']);
  });

  test('finds first deliveries out of order, and lets what comes back come when it likes', () => {
    const history = [begun('k1', 2), effect('k1', 2), begun('k0', 1), effect('k0', 1)];
    const ordered = { ...TWO, isOrdered: true };
    expect(rulesOf(ordered, { history })).toEqual(['out-of-order k0']);
    expect(rulesOf(ordered, { history, deliveries: [delivered('k0', 1, 2), delivered('k1', 2)] })).toEqual([]);
    expect(rulesOf(TWO, { history })).toEqual([]);
  });

  test('finds a refused item that is no dead letter, or was applied', () => {
    const plan = planOf([{}, { failures: 'refused' }]);
    const history = SOUND.history.slice(0, 2);
    expect(rulesOf(plan, { history, dead: ['k1'] })).toEqual([]);
    expect(rulesOf(plan, { history })).toEqual(['dead-letter-missing k1']);
    expect(rulesOf(plan, { dead: ['k1'] })).toEqual(['applied-twice k1']);
  });

  test('finds a dead letter that nothing gave cause for', () => {
    expect(rulesOf(TWO, { dead: ['k1'] })).toEqual(['dead-letter-unfounded k1']);
  });

  test('finds a key taken twice where the driver promises otherwise', () => {
    const publications = [...SOUND.publications, published('k0', { isRepeat: true })];
    expect(rulesOf(TWO, { publications })).toEqual(['duplicate-taken k0']);
    expect(rulesOf({ ...TWO, backbone: 'kafka' }, { publications })).toEqual([]);
    const known = [...SOUND.publications, published('k0', { isRepeat: true, duplicate: true })];
    expect(rulesOf(TWO, { publications: known })).toEqual([]);
  });

  test('finds what is left in the queue', () => {
    expect(rulesOf(TWO, { unfinished: 3 })).toEqual(['unfinished *']);
    expect(rulesOf(TWO, { unfinished: 1, history: SOUND.history.slice(0, 2) })).toEqual(['unfinished *']);
  });
});
