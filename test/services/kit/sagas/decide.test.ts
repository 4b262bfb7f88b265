import { describe, expect, test } from '@jest/globals';
import { defineMessage, defineSaga, startsWith, when, write } from '@penstock/kit/sagas';
import fc from 'fast-check';
import { z } from 'zod';
import { SagaWorld } from './saga-world.ts';
import { orderPlaced } from './shop-saga.ts';

const AT_ONCE = () => [1];
const history = (world: SagaWorld, id: string) =>
  world.run('inspectSaga', 'shop', id)?.history.map(({ what, step, direction }) => `${step} ${direction}: ${what}`);
const cents = (world: SagaWorld, id: string): number =>
  world.rows<{ readonly sum: number }>(`SELECT coalesce(sum(cents), 0) AS sum FROM money WHERE id = '${id}'`)[0]?.sum ??
  Number.NaN;
const pieces = (world: SagaWorld, id: string): number =>
  world.rows<{ readonly sum: number }>(`SELECT coalesce(sum(pieces), 0) AS sum FROM goods WHERE id = '${id}'`)[0]
    ?.sum ?? Number.NaN;

describe('a saga', () => {
  test('goes through when everybody says yes', async () => {
    using world = new SagaWorld({ refuses: () => false }, AT_ONCE);
    world.place('a', 500);
    await world.settle();
    expect(world.statusOf('a')).toBe('completed');
    expect([cents(world, 'a'), pieces(world, 'a')]).toEqual([500, -1]);
    expect(history(world, 'a')).toEqual([
      'hold do: started',
      'hold do: succeeded',
      'charge do: succeeded',
      'approve do: succeeded',
      'ship do: succeeded',
    ]);
    expect(JSON.parse(Buffer.from(world.run('inspectSaga', 'shop', 'a')?.record.state ?? []).toString())).toEqual({
      id: 'a',
      cents: 500,
      charge: 'a',
    });
  });

  test('takes back what was done, the last first, when the pivot is refused', async () => {
    using world = new SagaWorld({ refuses: (_, what) => what === 'approve' }, AT_ONCE);
    world.place('a', 500);
    await world.settle();
    expect(world.statusOf('a')).toBe('compensated');
    expect([cents(world, 'a'), pieces(world, 'a')]).toEqual([0, 0]);
    expect(history(world, 'a')?.slice(3)).toEqual([
      'approve do: failed',
      'charge undo: succeeded',
      'hold undo: succeeded',
    ]);
  });

  test('takes back a step that never answered, and the answer that comes after that changes nothing', async () => {
    // Every attempt to charge is on its way for longer than the saga waits in all; one is done in the end.
    using world = new SagaWorld({ refuses: () => false }, ({ type }) => (type === 'TakeMoney' ? [5_000] : [1]));
    world.place('a', 500);
    await world.settle();
    expect(world.statusOf('a')).toBe('compensated');
    // It was withheld: the refund came first.
    expect(world.rows('SELECT * FROM money')).toEqual([]);
    expect(history(world, 'a')?.filter((line) => line === 'charge do: timed out')).toHaveLength(3);
  });

  test('notes an answer that comes after the compensation', async () => {
    using world = new SagaWorld({ refuses: () => false }, ({ type }) => (type === 'MoneyTaken' ? [5_000] : [1]));
    world.place('a', 500);
    await world.settle();
    expect(world.statusOf('a')).toBe('compensated');
    expect([cents(world, 'a'), pieces(world, 'a')]).toEqual([0, 0]);
    expect(history(world, 'a')?.filter((line) => line === 'charge do: late')).toHaveLength(3);
  });

  test('is parked where nobody knows whether the pivot was done, and goes on when the answer comes after all', async () => {
    using world = new SagaWorld({ refuses: () => false }, ({ type }) => (type === 'Approved' ? [9_000] : [1]));
    world.place('a', 500);
    await world.settle();
    expect(world.statusOf('a')).toBe('completed');
    expect(world.run('inspectSaga', 'shop', 'a')?.history.slice(3)).toMatchObject([
      { what: 'timed out', status: 'running' },
      { what: 'timed out', status: 'running' },
      { what: 'timed out', status: 'parked', detail: expect.stringContaining('unknown whether approve was done') },
      { what: 'succeeded', step: 'approve', status: 'running' },
      { what: 'succeeded', step: 'ship', status: 'completed' },
      { what: 'late', step: 'approve' },
      { what: 'late', step: 'approve' },
    ]);
    expect([cents(world, 'a'), pieces(world, 'a')]).toEqual([500, -1]);
  });

  test('is parked when a compensation is refused, and taken back when a person lets it try again', async () => {
    let isClosed = true;
    using world = new SagaWorld(
      { refuses: (_, what) => what === 'approve' || (what === 'refund' && isClosed) },
      AT_ONCE,
    );
    world.place('a', 500);
    await world.settle();
    expect(world.statusOf('a')).toBe('parked');
    expect(world.run('listSagas', { stuckSince: 0 }, 10)).toMatchObject([
      {
        id: 'a',
        status: 'parked',
        step: 'charge',
        direction: 'undo',
        reason: expect.stringContaining('RefundRefused'),
      },
    ]);
    expect(cents(world, 'a')).toBe(500);
    isClosed = false;
    expect(world.run('retrySaga', 'shop', 'a', 10_000)).toBe('retried');
    expect(world.run('retrySaga', 'shop', 'a', 10_000)).toBe('not parked');
    expect(world.run('retrySaga', 'shop', 'b', 10_000)).toBe('missing');
    await world.settle();
    expect(world.statusOf('a')).toBe('compensated');
    expect([cents(world, 'a'), pieces(world, 'a')]).toEqual([0, 0]);
  });

  test('tries a step behind the pivot until it is done, parked between', async () => {
    let isDown = true;
    using world = new SagaWorld({ refuses: () => false }, ({ type }) => (type === 'Shipped' && isDown ? [] : [1]));
    world.place('a', 500);
    await world.settle();
    expect(world.statusOf('a')).toBe('parked');
    isDown = false;
    world.run('retrySaga', 'shop', 'a', 100_000);
    await world.settle();
    expect(world.statusOf('a')).toBe('completed');
    expect(world.rows('SELECT id FROM parcels')).toEqual([{ id: 'a' }]);
  });

  test('is begun once, however often its beginning is told', async () => {
    using world = new SagaWorld({ refuses: () => false }, AT_ONCE);
    world.place('a', 500);
    await world.settle();
    world.run('append', [{ ...placedAgain, id: 'another' }], 1);
    await world.settle();
    expect(history(world, 'a')?.at(-1)).toContain('late');
    expect(cents(world, 'a')).toBe(500);
  });

  test('refuses a message that it cannot read, keeps it, and goes on with the others', async () => {
    using world = new SagaWorld({ refuses: () => false }, ({ type, id }) =>
      type === 'TakeMoney' ? [100] : [id === 'broken' ? 50 : 1],
    );
    world.place('a', 500);
    const headers = { saga: 'shop', 'saga-id': 'a', 'saga-step': 'charge', 'saga-direction': 'do' };
    const broken = { id: 'broken', type: 'MoneyTaken', payload: new Uint8Array([1]), headers };
    world.run('append', [{ ...placedAgain, aggregateType: 'shop-replies', ...broken }], 1);
    await world.settle();
    expect(world.statusOf('a')).toBe('completed');
    expect(world.run('inspectSaga', 'shop', 'a')?.mail).toMatchObject([
      { message: 'broken', type: 'MoneyTaken', refused: expect.stringContaining('record-malformed') },
    ]);
  });
});

const placedAgain = { aggregateType: 'order', aggregateId: 'a', ...write(orderPlaced, { id: 'a', cents: 500 }) };

const NO_GOODS = ['hold', 'charge', 'approve', 'refund'] as const;

test('money and goods balance whatever is refused, lost for a while, late, doubled or out of order', async () => {
  const told = { compensated: 0, completed: 0, parked: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.subarray([...NO_GOODS]), { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(
        fc.oneof(
          { weight: 6, arbitrary: fc.integer({ min: 1, max: 150 }) },
          { weight: 2, arbitrary: fc.integer({ min: 1, max: 4_000 }) },
          { weight: 1, arbitrary: fc.constant(-1) },
        ),
      ),
      fc.infiniteStream(fc.integer({ min: 1, max: 3 })),
      async (refusals, delays, copies) => {
        let isHealthy = false;
        const orders = refusals.map((_, index) => `o${index}`);
        const delay = () => delays.next().value as number;
        using world = new SagaWorld(
          {
            refuses: (id, what) =>
              (what === 'refund' ? !isHealthy : true) && (refusals[orders.indexOf(id)]?.includes(what) ?? false),
          },
          // Lost: it is never delivered, as if its reader were down for longer than the saga waits. Not the beginning.
          ({ type }) => {
            if (isHealthy) return [1];
            const some = Array.from({ length: copies.next().value as number }, delay).filter((ms) => ms >= 0);
            return some.length === 0 && type === 'OrderPlaced' ? [1] : some;
          },
        );
        for (const [index, id] of orders.entries()) world.place(id, 100 * (index + 1));
        await world.settle();
        for (const id of orders) if (world.statusOf(id) === 'parked') told.parked += 1;
        isHealthy = true;
        for (const id of orders) world.run('retrySaga', 'shop', id, 1_000_000);
        await world.settle();
        for (const [index, id] of orders.entries()) {
          const status = world.statusOf(id);
          const isThrough = status === 'completed';
          expect(['completed', 'compensated']).toContain(status);
          told[status as 'completed'] += 1;
          expect([id, cents(world, id)]).toEqual([id, isThrough ? 100 * (index + 1) : 0]);
          expect([id, pieces(world, id)]).toEqual([id, isThrough ? -1 : 0]);
          const sent = world.rows(`SELECT id FROM parcels WHERE id = '${id}'`).length;
          expect(sent).toBe(isThrough ? 1 : 0);
        }
      },
    ),
    { numRuns: 300 },
  );
  // The property says something of each.
  expect(Math.min(...Object.values(told))).toBeGreaterThan(20);
}, 120_000);

describe('a definition', () => {
  const asked = defineMessage('Asked', z.object({}));
  const yes = defineMessage('Yes', z.object({}));
  const step = (name: string) => ({
    name,
    to: 'x',
    command: () => write(asked, {}),
    succeeds: when(yes),
    fails: [],
    timeout: '1 second' as const,
    compensation: 'nothing to undo' as const,
  });
  const define = (more: object) =>
    defineSaga({
      name: 's',
      state: z.object({}),
      starts: startsWith('o', asked, () => ({ id: '1', state: {} })),
      compensatable: [step('a')],
      ...more,
    });

  test.each([
    ['has no name', { name: '' }],
    ['has no step', { compensatable: [] }],
    ['names a step twice', { pivot: step('a') }],
    ['understands one answer in two ways', { pivot: { ...step('b'), fails: [when(yes)] } }],
    ['gives no attempt', { pivot: { ...step('b'), attempts: 0 } }],
    ['gives no time', { pivot: { ...step('b'), timeout: '0 seconds' } }],
  ])('rejects one that %s', (_, more) => {
    expect(() => define(more)).toThrow(expect.objectContaining({ code: 'saga-malformed' }));
  });
});
