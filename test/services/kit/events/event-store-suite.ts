import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  type Aggregate,
  EventStore,
  type NewEvent,
  type Projection,
  Projector,
  readYourWrites,
  type StoredEvent,
} from '@penstock/kit/events';
import type { EventsFixture } from './fixture.ts';
import { until } from './outbox-suite.ts';

jest.setTimeout(60_000);

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

const paid = (id: string, amount: number): NewEvent => ({ id, type: 'Paid', payload: encode(amount) });

/** The sum of what was paid. */
const account: Aggregate<number> = {
  initial: 0,
  evolve: (sum, { payload }) => sum + (decode(payload) as number),
  snapshot: { shape: 1, every: 10, encode, decode: (bytes) => decode(bytes) as number },
};

const balances = (version: number, factor = 1): Projection => ({
  name: 'balances',
  version,
  tables: ['balances'],
  schema: (table) => [
    `CREATE TABLE IF NOT EXISTS ${table('balances')} (account TEXT PRIMARY KEY, balance INTEGER NOT NULL)`,
  ],
  project: ({ stream, payload }, table) => [
    {
      sql: `INSERT INTO ${table('balances')} (account, balance) VALUES ($1, $2)
        ON CONFLICT (account) DO UPDATE SET balance = ${table('balances')}.balance + excluded.balance`,
      params: [stream, (decode(payload) as number) * factor],
    },
  ],
});

/** Streams and projections, wherever they lie. */
export function describeEventStore(name: string, open: () => Promise<EventsFixture>): void {
  describe(`the event store on ${name}`, () => {
    let fixture: EventsFixture;
    let store: EventStore;
    let opened: AsyncDisposableStack;

    beforeEach(async () => {
      opened = new AsyncDisposableStack();
      fixture = opened.use(await open());
      store = new EventStore(fixture);
    });
    afterEach(() => opened.disposeAsync());

    const readOf = async (stream: string, from = 1): Promise<readonly StoredEvent[]> => {
      const events: StoredEvent[] = [];
      for await (const event of store.read(stream, from)) events.push(event);
      return events;
    };
    const project = (projection: Projection, activate: 'at once' | 'by hand' = 'at once'): Projector => {
      const projector = opened.use(
        new Projector({ database: fixture.database, projection, owner: `p${projection.version}`, batch: 7, activate }),
      );
      projector.start();
      return projector;
    };
    const balanceOf = async (stream: string): Promise<number | undefined> => {
      const rows = await fixture.rows<{ readonly account: string; readonly balance: number | string }>(
        'SELECT account, balance FROM balances',
      );
      const found = rows.find(({ account }) => account === stream);
      return found === undefined ? undefined : Number(found.balance);
    };

    test('a stream holds what was appended, in its order', async () => {
      expect(await store.append('ada', 0, [paid('1', 5), paid('2', 7)])).toMatchObject({ version: 2 });
      expect(await store.append('ada', 2, [{ ...paid('3', 1), headers: { by: 'test' } }])).toMatchObject({
        version: 3,
      });
      const events = await readOf('ada');
      expect(events.map(({ id, version, stream }) => ({ id, version, stream }))).toEqual([
        { id: '1', version: 1, stream: 'ada' },
        { id: '2', version: 2, stream: 'ada' },
        { id: '3', version: 3, stream: 'ada' },
      ]);
      expect(events[2]?.headers).toEqual({ by: 'test' });
      expect((await readOf('ada', 3)).map(({ id }) => id)).toEqual(['3']);
    });

    test('rejects an append that expects another version', async () => {
      await store.append('ada', 0, [paid('1', 5)]);
      const conflict = { code: 'stream-conflict' };
      await expect(store.append('ada', 0, [paid('2', 5)])).rejects.toMatchObject(conflict);
      await expect(store.append('ada', 2, [paid('2', 5)])).rejects.toMatchObject(conflict);
      await expect(store.append('ben', 'exists', [paid('1', 5)])).rejects.toMatchObject(conflict);
      await expect(store.append('ada', 1, [])).rejects.toMatchObject({ code: 'record-malformed' });
      expect(await readOf('ada')).toHaveLength(1);
    });

    test.each([0, 'any'] as const)('an append of %s that is said again comes to the same', async (expected) => {
      const first = await store.append('ada', expected, [paid('1', 5), paid('2', 7)]);
      expect(await store.append('ada', expected, [paid('1', 5), paid('2', 7)])).toEqual(first);
      expect(await readOf('ada')).toHaveLength(2);
    });

    test('of many who decide by the same version one appends, and the others decide again', async () => {
      await Promise.all(Array.from({ length: 8 }, (_, n) => store.decide('ada', account, () => [paid(`${n}`, 1)], 20)));
      expect(await store.load('ada', account)).toEqual({ state: 8, version: 8 });
    });

    test('a state is loaded from its snapshot on, and from the beginning when its shape has changed', async () => {
      for (let n = 0; n < 12; n += 1) await store.append('ada', n, [paid(`${n}`, 2)]);
      expect(await store.load('ada', account)).toEqual({ state: 24, version: 12 });
      expect(await fixture.database.run('readSnapshot', 'ada', 1)).toMatchObject({ version: 12 });
      const seen: string[] = [];
      const watching = {
        ...account,
        evolve: (sum: number, event: StoredEvent) => {
          seen.push(event.id);
          return account.evolve(sum, event);
        },
      };
      await store.append('ada', 12, [paid('12', 2)]);
      expect(await store.load('ada', watching)).toEqual({ state: 26, version: 13 });
      expect(seen).toEqual(['12']);
      const reshaped = {
        ...account,
        snapshot: { ...account.snapshot, shape: 2 } as NonNullable<typeof account.snapshot>,
      };
      expect(await store.load('ada', reshaped)).toEqual({ state: 26, version: 13 });
    });

    test('an inline projection is there with the append, or neither is', async () => {
      project(balances(1));
      await until(async () => (await fixture.database.run('checkpoints')).length === 1);
      const inline = { ...balances(1), name: 'inline', tables: ['effects'], schema: () => [] };
      const writing = new EventStore({
        ...fixture,
        inline: [
          {
            ...inline,
            project: ({ stream, version }) => [
              { sql: 'INSERT INTO effects (id, note) VALUES ($1, $2)', params: [stream, `${version}`] },
            ],
          },
        ],
        publish: ({ id, type, payload }, stream) => ({
          id,
          aggregateType: 'order',
          aggregateId: stream,
          type,
          payload,
        }),
      });
      await writing.append('ada', 0, [paid('1', 5)]);
      await expect(writing.append('ada', 0, [paid('2', 5)])).rejects.toMatchObject({ code: 'stream-conflict' });
      expect(await fixture.rows('SELECT id, note FROM effects')).toEqual([{ id: 'ada', note: '1' }]);
      expect(await fixture.database.run('measureOutbox')).toMatchObject({ waiting: 1 });
    });

    test('a projection follows, and who wrote reads it once it is there', async () => {
      project(balances(1));
      let place = (await store.append('ada', 0, [paid('0', 1)])).place;
      for (let n = 1; n < 20; n += 1) ({ place } = await store.append('ada', n, [paid(`${n}`, 1)]));
      await readYourWrites(fixture.database, 'balances', place, 20_000);
      expect(await balanceOf('ada')).toBe(20);
    });

    test('rejects to wait for a projection that does not come', async () => {
      const { place } = await store.append('ada', 0, [paid('0', 1)]);
      await expect(readYourWrites(fixture.database, 'balances', place, 50)).rejects.toMatchObject({
        code: 'deadline-exceeded',
      });
    });

    test('of two projectors of a version one works, and each event counts once', async () => {
      const [one, two] = [project(balances(1)), project(balances(1))];
      for (let n = 0; n < 30; n += 1) await store.append('ada', n, [paid(`${n}`, 1)]);
      await until(async () => (await balanceOf('ada').catch(() => undefined)) === 30);
      expect(one.state.projected + two.state.projected).toBe(30);
    });

    test('a new version is built beside the one that readers see, and seen when it has caught up', async () => {
      project(balances(1));
      for (let n = 0; n < 30; n += 1) await store.append('ada', n, [paid(`${n}`, 1)]);
      await until(async () => (await balanceOf('ada').catch(() => undefined)) === 30);
      const next = project(balances(2, 10), 'by hand');
      await until(() => next.state.isCaughtUp && next.state.projected === 30);
      expect(await balanceOf('ada')).toBe(30);
      await next.close();
      project(balances(2, 10));
      await until(async () => (await balanceOf('ada')) === 300);
      const tables = ['balances_v1'];
      await fixture.database.run('retireProjection', 'balances', 1, tables);
      await expect(fixture.database.run('retireProjection', 'balances', 2, tables)).rejects.toMatchObject({
        code: 'projection-active',
      });
      expect(await fixture.database.run('checkpoints')).toMatchObject([{ version: 2, isActive: 1 }]);
    });

    test('readers are not shown a version that is behind the one they see', async () => {
      project(balances(1));
      await store.append('ada', 0, [paid('0', 1)]);
      await until(async () => (await balanceOf('ada').catch(() => undefined)) === 1);
      const { database } = fixture;
      await database.run(
        'registerProjection',
        'balances',
        2,
        balances(2).schema((table) => `${table}_v2`),
        [],
      );
      expect(await database.run('activateProjection', 'balances', 2, [])).toBe(false);
    });

    test('rejects the work of a projector that another one has followed', async () => {
      const { database } = fixture;
      await database.run(
        'registerProjection',
        'balances',
        1,
        balances(1).schema((table) => `${table}_v1`),
        [],
      );
      const term = await database.run('lead', 'p', 'old', Date.now(), 1);
      await database.run('lead', 'p', 'new', Date.now() + 10_000, 1_000);
      const start = { tx: 0, position: 0 };
      await expect(
        database.run('projectOn', { role: 'p', owner: 'old', term: term as number }, 'balances', 1, start, start, []),
      ).rejects.toMatchObject({ code: 'lead-lost' });
    });
  });
}
