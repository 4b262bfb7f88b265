import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  FairOrder,
  type Ordered,
  PRIORITIES,
  PRIORITY_WEIGHTS,
} from '../../../../services/inference-engine/src/scheduling/fair-order.ts';
import { type Sharer, Stride } from '../../../../services/inference-engine/src/scheduling/stride.ts';

const item = (over: Partial<Ordered> = {}): Ordered => ({
  tenant: 'a',
  priority: 'normal',
  tokens: 1,
  deadlineAt: 1_000,
  ...over,
});

/** Serves so many tokens while everybody's place is filled again at once; tokens by what `of` says. */
function serve(order: FairOrder<Ordered>, tokens: number, of: (item: Ordered) => string): Record<string, number> {
  const served: Record<string, number> = {};
  for (let sum = 0; sum < tokens; ) {
    const next = order.next() as Ordered;
    order.serve(next);
    order.add({ ...next });
    served[of(next)] = (served[of(next)] ?? 0) + next.tokens;
    sum += next.tokens;
  }
  return served;
}

describe('the fair order', () => {
  test('gives tenants of a class their weights, whatever the lengths of their items', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ weight: fc.integer({ min: 1, max: 9 }), tokens: fc.integer({ min: 1, max: 50 }) }), {
          minLength: 2,
          maxLength: 6,
        }),
        (tenants) => {
          const weightOf = (name: string): number => tenants[Number(name)]?.weight ?? 1;
          const order = new FairOrder<Ordered>({ weightOf });
          for (const [n, { tokens }] of tenants.entries()) {
            order.add(item({ tenant: String(n), tokens }));
            order.add(item({ tenant: String(n), tokens }));
          }
          const total = 10_000;
          const served = serve(order, total, ({ tenant }) => tenant);
          const weights = tenants.reduce((sum, { weight }) => sum + weight, 0);
          // Nobody is further from their share than one item of each.
          const off = tenants.reduce((sum, { tokens }) => sum + tokens, 0) * 10;
          for (const [n, { weight }] of tenants.entries())
            expect(Math.abs((served[n] ?? 0) - (total * weight) / weights)).toBeLessThanOrEqual(off);
        },
      ),
    );
  });

  test('gives each class its part, so that the lowest does not starve', () => {
    const order = new FairOrder<Ordered>();
    for (const priority of PRIORITIES) order.add(item({ priority }));
    const served = serve(order, 1_200, ({ priority }) => priority);
    for (const priority of PRIORITIES) expect(served[priority]).toBe(100 * PRIORITY_WEIGHTS[priority]);
  });

  test('goes by deadline within a tenant, and by arrival where that is equal', () => {
    const order = new FairOrder<Ordered>();
    const items = [
      item({ deadlineAt: 30 }),
      item({ deadlineAt: 10 }),
      item({ deadlineAt: 30 }),
      item({ deadlineAt: 20 }),
    ];
    for (const each of items) order.add(each);
    const served = items.map(() => {
      const next = order.next() as Ordered;
      order.serve(next);
      return items.indexOf(next);
    });
    expect(served).toEqual([1, 3, 0, 2]);
    expect(order.next()).toBeUndefined();
  });

  test('owes nothing to a tenant for the time in which it asked for nothing', () => {
    const order = new FairOrder<Ordered>();
    order.add(item({ tenant: 'busy' }));
    order.add(item({ tenant: 'idle' }));
    order.remove([...order].find(({ tenant }) => tenant === 'idle') as Ordered);
    serve(order, 1_000, ({ tenant }) => tenant);
    order.add(item({ tenant: 'idle' }));
    const served = serve(order, 100, ({ tenant }) => tenant);
    expect(Math.abs((served['idle'] ?? 0) - 50)).toBeLessThanOrEqual(1);
  });

  test('charges what is served out of turn', () => {
    const order = new FairOrder<Ordered>();
    const mates = Array.from({ length: 10 }, () => item({ tenant: 'mates' }));
    for (const each of [...mates, item({ tenant: 'other' })]) order.add(each);
    for (const mate of mates.slice(0, 5)) expect(order.serve(mate)).toBe(true);
    const served = serve(order, 5, ({ tenant }) => tenant);
    expect(served).toEqual({ other: 5 });
  });

  test('counts what waits, and knows what was served or removed', () => {
    const order = new FairOrder<Ordered>();
    const [first, second] = [item({ tokens: 3 }), item({ tokens: 4, priority: 'low', tenant: 'b' })];
    order.add(first);
    order.add(second);
    expect([order.size, order.tokens, [...order].length]).toEqual([2, 7, 2]);
    expect([order.serve(first), order.serve(first), order.remove(first)]).toEqual([true, false, false]);
    expect([order.size, order.tokens, order.next()]).toEqual([1, 4, second]);
    expect([order.remove(second), order.remove(second), order.size]).toEqual([true, false, 0]);
  });

  test('tells how much is computed first: what is due sooner by the share, at most everything', () => {
    const order = new FairOrder<Ordered>();
    expect(order.tokensUntil(item({ tokens: 5 }))).toBe(5);
    order.add(item({ tokens: 10, deadlineAt: 10 }));
    order.add(item({ tokens: 20, deadlineAt: 5_000 }));
    expect(order.tokensUntil(item({ tokens: 5 }))).toBe(15);
    for (let n = 0; n < 10; n += 1) order.add(item({ tenant: 'b', tokens: 10 }));
    // Half of the device: as many tokens again go to the other tenant.
    expect(order.tokensUntil(item({ tokens: 5 }))).toBe(30);
    expect(order.tokensUntil(item({ tokens: 5, deadlineAt: 9_000 }))).toBe(70);
    // More due than there is to be computed: everything, and itself.
    expect(order.tokensUntil(item({ tenant: 'b', tokens: 50 }))).toBe(180);
    // A newcomer waits for nobody but its share.
    expect(order.tokensUntil(item({ tenant: 'c', tokens: 5 }))).toBe(15);
  });
});

test('sharers that wait for nothing and are ahead of nobody are forgotten', () => {
  const stride = new Stride<Sharer>();
  const sharer = (name: string): Sharer => ({ name, weight: 1, waiting: 0, pass: 0 });
  const debtor = sharer('debtor');
  stride.add(debtor);
  stride.charge(debtor, 1_000);
  for (let n = 0; n < 10_000; n += 1) stride.add(sharer(`once-${n}`));
  expect([...stride].length).toBeLessThan(200);
  expect(stride.get('debtor')).toBe(debtor);
});
