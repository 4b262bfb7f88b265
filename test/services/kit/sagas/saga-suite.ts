import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EventConsumer, OutboxRelay, openEvents, openLog } from '@penstock/kit/events';
import { choreograph, defineMessage, type Message, react, tell, write } from '@penstock/kit/sagas';
import { z } from 'zod';
import { type EventsFixture, eventOf } from '../events/fixture.ts';
import { until } from '../events/outbox-suite.ts';
import { booksOf, place, provisionShop, statusOf } from './saga-suite-parts.ts';
import { type Boundary, BY_NAME, CrashPoints, startShop } from './shop-parts.ts';
import { IMPATIENT } from './shop-saga.ts';

jest.setTimeout(180_000);

const MOST_BOUNDARIES = 60;

interface Named {
  readonly id: string;
}

/** Sagas over a database and a log, wherever they lie. */
export function describeSagas(name: string, open: () => Promise<EventsFixture>): void {
  describe(`sagas on ${name}`, () => {
    let fixture: EventsFixture;
    let opened: AsyncDisposableStack;

    beforeEach(async () => {
      opened = new AsyncDisposableStack();
      fixture = opened.use(await open());
      await provisionShop(fixture);
    });
    afterEach(() => opened.disposeAsync());

    test('go through, or are taken back, by services that each have a transaction of their own', async () => {
      opened.use(startShop(fixture.database, fixture.log));
      for (const id of ['a', 'hold-b', 'charge-c', 'approve-d']) await place(fixture, id);
      await until(async () => (await statusOf(fixture, 'a')) === 'completed');
      for (const id of ['hold-b', 'charge-c', 'approve-d'])
        await until(async () => (await statusOf(fixture, id)) === 'compensated');
      expect(await booksOf(fixture, 'a')).toEqual([500, -1, 1]);
      for (const id of ['hold-b', 'charge-c', 'approve-d']) expect(await booksOf(fixture, id)).toEqual([0, 0, 0]);
      const counted = await fixture.database.run('countSagas');
      expect(counted.map(({ status, count }) => [status, Number(count)])).toEqual([
        ['compensated', 3],
        ['completed', 1],
      ]);
    });

    test('ask again when a time is over, though nobody was there when it was', async () => {
      const down = {
        refuses: () => {
          throw new Error('the service is down');
        },
      };
      {
        await using _ = startShop(fixture.database, fixture.log, down, IMPATIENT);
        await place(fixture, 'a');
        await until(async () => (await statusOf(fixture, 'a')) === 'running');
      }
      opened.use(startShop(fixture.database, fixture.log, BY_NAME, IMPATIENT));
      await until(async () => ['completed', 'compensated'].includes((await statusOf(fixture, 'a')) ?? ''));
      const isThrough = (await statusOf(fixture, 'a')) === 'completed';
      expect(await booksOf(fixture, 'a')).toEqual(isThrough ? [500, -1, 1] : [0, 0, 0]);
    });

    test('that are over go when they are older than they are kept', async () => {
      await using shop = startShop(fixture.database, fixture.log);
      await place(fixture, 'a');
      await until(async () => (await statusOf(fixture, 'a')) === 'completed');
      expect(shop).toBeDefined();
      expect(await fixture.database.run('purgeSagas', 'shop', 1, 10)).toBe(0);
      expect(await fixture.database.run('purgeSagas', 'shop', Date.now() + 1, 10)).toBe(1);
      expect(await fixture.database.run('inspectSaga', 'shop', 'a')).toBeUndefined();
    });

    test.each<Boundary>(['before', 'after'])(
      'go on from wherever the process ended, %s each write that there is',
      async (where) => {
        let boundaries = 0;
        for (let at = 1; at <= MOST_BOUNDARIES; at += 1) {
          const id = at % 2 === 0 ? `approve-${at}` : `a-${at}`;
          const ended = Promise.withResolvers<void>();
          const crash = new CrashPoints(at, where, () => {
            ended.resolve();
            return Promise.reject(new Error('the process ends here'));
          });
          const over = async () => ['completed', 'compensated'].includes((await statusOf(fixture, id)) ?? '');
          {
            const [database, log] = [await openEvents(fixture.url), await openLog(fixture.logUrl)];
            const parts = startShop(crash.database(database), crash.log(log));
            await place(fixture, id);
            await Promise.race([ended.promise, until(over)]);
            // What it says from here on is not heard.
            await parts[Symbol.asyncDispose]();
            await database.close();
            await log.close();
          }
          if (crash.passed < at) break;
          boundaries = at;
          await using shop = startShop(fixture.database, fixture.log);
          await until(over);
          expect(shop).toBeDefined();
          expect([id, ...(await booksOf(fixture, id))]).toEqual([id, ...(at % 2 === 0 ? [0, 0, 0] : [500, -1, 1])]);
        }
        // One for each message taken in, acted on and told.
        expect(boundaries).toBeGreaterThanOrEqual(12);
      },
    );

    test('without a conductor are seen by their chain, each link once', async () => {
      const [placed, paid, sent] = (['Placed', 'Paid', 'Sent'] as const).map((type) =>
        defineMessage(type, z.object({ id: z.string() })),
      ) as [Message<Named>, Message<Named>, Message<Named>];
      const links = { billing: [placed, paid, 'order'], stock: [paid, sent, 'billing'] } as const;
      opened.use(new OutboxRelay({ ...fixture, owner: 'relay' })).start();
      for (const [group, [from, to, topic]] of Object.entries(links))
        opened
          .use(
            new EventConsumer({
              ...fixture,
              group,
              topics: [`outbox.event.${topic}`],
              handle: choreograph(group, [
                react(from, ({ id }) => ({
                  statements: [{ sql: 'INSERT INTO effects (id, note) VALUES ($1, $2)', params: [id, group] }],
                  events: [tell(group, to, { id })],
                })),
              ]),
            }),
          )
          .start();
      await fixture.database.run('append', [eventOf('a', 'first', write(placed, { id: 'a' }))], 1);
      await until(async () => (await fixture.database.run('readChain', 'first')).length === 2);
      expect(await fixture.database.run('readChain', 'first')).toMatchObject([
        { consumer: 'billing', message: 'first', type: 'Placed', causedBy: null, told: 'Paid' },
        { consumer: 'stock', message: 'billing/first/0', type: 'Paid', causedBy: 'first', told: 'Sent' },
      ]);
      expect(await fixture.rows('SELECT id, note FROM effects ORDER BY note')).toEqual([
        { id: 'a', note: 'billing' },
        { id: 'a', note: 'stock' },
      ]);
    });
  });
}
