import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EventConsumer, headerOf, type LogRecord, OutboxRelay, type OutboxRelayOptions } from '@penstock/kit/events';
import { type EventsFixture, eventOf, type Writer } from './fixture.ts';

const PATIENCE_MS = 20_000;
jest.setTimeout(60_000);

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it did not come to it in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What lies in all partitions of a topic. */
export async function recordsOf({ log }: EventsFixture, topic: string): Promise<readonly LogRecord[]> {
  const bounds = await log.bounds(topic);
  const slices = await Promise.all(bounds.map(({ partition }) => log.read(topic, partition, 0, { limit: 100_000 })));
  return slices.flatMap(({ records }) => records);
}

const idsOf = (records: readonly LogRecord[]): readonly (string | undefined)[] =>
  records.map((record) => headerOf(record, 'id'));

/** Outbox, relay and inbox, wherever they lie. */
export function describeOutbox(name: string, open: () => Promise<EventsFixture>): void {
  describe(`outbox and inbox on ${name}`, () => {
    let fixture: EventsFixture;
    let writer: Writer;
    let opened: AsyncDisposableStack;

    beforeEach(async () => {
      opened = new AsyncDisposableStack();
      fixture = opened.use(await open());
      writer = await fixture.openWriter();
      opened.defer(() => writer.close());
    });
    afterEach(() => opened.disposeAsync());

    const startRelay = (owner = 'relay-1', more: Partial<OutboxRelayOptions> = {}): OutboxRelay => {
      const relay = opened.use(new OutboxRelay({ ...fixture, owner, leadMs: 1_000, ...more }));
      relay.start();
      return relay;
    };
    const write = async (...ids: readonly string[]): Promise<void> => {
      await writer.begin();
      await writer.append(...ids.map((id) => eventOf(id.split('-')[0] as string, id)));
      await writer.end('COMMIT');
    };
    const waiting = async () => (await fixture.database.run('measureOutbox')).waiting;

    test('an event is there with the rows it tells of, or not at all', async () => {
      await writer.begin();
      await writer.order('a');
      await writer.append(eventOf('a', 'a-1'));
      await writer.end('ROLLBACK');
      expect(await waiting()).toBe(0);
      await writer.begin();
      await writer.order('a');
      await writer.append(eventOf('a', 'a-1'));
      await writer.end('COMMIT');
      expect(await waiting()).toBe(1);
      expect(await fixture.rows('SELECT id FROM orders')).toEqual([{ id: 'a' }]);
    });

    test('an event that is refused leaves the rows of the caller as they were', async () => {
      await writer.begin();
      await writer.order('a');
      await expect(writer.append(eventOf('a', 'a-1'), eventOf('', 'a-2'))).rejects.toMatchObject({
        code: 'record-malformed',
      });
      await writer.end('COMMIT');
      expect(await waiting()).toBe(0);
      expect(await fixture.rows('SELECT id FROM orders')).toEqual([{ id: 'a' }]);
    });

    test('rejects an append outside of a transaction', async () => {
      await expect(writer.append(eventOf('a', 'a-1'))).rejects.toMatchObject({ code: 'store-refused' });
    });

    test('the relay writes what the outbox event router of Debezium would, and empties the outbox', async () => {
      await writer.begin();
      await writer.append(
        eventOf('a', 'a-1', { headers: { traceparent: '00-1' } }),
        eventOf('b', 'b-1', { aggregateType: 'stock', payload: null }),
      );
      await writer.end('COMMIT');
      startRelay();
      await until(async () => (await waiting()) === 0);
      const [order] = (await recordsOf(fixture, 'outbox.event.order')) as [LogRecord];
      expect({ key: order.key, value: Buffer.from(order.value ?? []).toString() }).toEqual({
        key: 'a',
        value: 'a:a-1',
      });
      expect(['id', 'type', 'traceparent'].map((header) => headerOf(order, header))).toEqual([
        'a-1',
        'OrderPlaced',
        '00-1',
      ]);
      const [stock] = (await recordsOf(fixture, 'outbox.event.stock')) as [LogRecord];
      expect({ key: stock.key, value: stock.value }).toEqual({ key: 'b', value: null });
    });

    test('events of an aggregate arrive in the order of their commits, across batches', async () => {
      startRelay('relay-1', { batch: 7 });
      for (let round = 0; round < 20; round += 1) await write(`a-${round}`, `b-${round}`, `c-${round}`);
      await until(async () => (await waiting()) === 0);
      const records = await recordsOf(fixture, 'outbox.event.order');
      for (const key of ['a', 'b', 'c'])
        expect(idsOf(records.filter((record) => record.key === key))).toEqual(
          Array.from({ length: 20 }, (_, round) => `${key}-${round}`),
        );
    });

    test('one relay leads, and the next goes on when it ends', async () => {
      const first = startRelay('relay-1');
      await until(() => first.state.leads);
      const second = startRelay('relay-2');
      await write('a-1');
      await until(async () => (await waiting()) === 0);
      expect([first.state.published, second.state]).toEqual([
        1,
        expect.objectContaining({ leads: false, published: 0 }),
      ]);
      await first.close();
      await write('a-2');
      await until(async () => (await waiting()) === 0);
      expect(second.state).toMatchObject({ leads: true, published: 1 });
    });

    test('rejects the work of a relay that another one has followed', async () => {
      const term = await fixture.database.run('lead', 'relay', 'old', Date.now(), 1);
      const lead = { role: 'relay', owner: 'old', term: term as number };
      await fixture.database.run('lead', 'relay', 'new', Date.now() + 10_000, 1_000);
      await expect(fixture.database.run('relayOn', lead, { published: [], refused: [] }, 10)).rejects.toMatchObject({
        code: 'lead-lost',
      });
    });

    test('an event that the log refuses holds those of its aggregate, and no others', async () => {
      await writer.begin();
      await writer.append(
        eventOf('a', 'a-1', { aggregateType: 'unknown' }),
        eventOf('b', 'b-1'),
        eventOf('a', 'a-2', { aggregateType: 'unknown' }),
        eventOf('c', 'c-1'),
      );
      await writer.end('COMMIT');
      const topics = new Map([['unknown', 'outbox.event.unknown']]);
      startRelay('relay-1', {
        topicOf: ({ aggregateType }) => topics.get(aggregateType) ?? `outbox.event.${aggregateType}`,
      });
      // What became of a batch is noted with the next one.
      await until(async () => (await fixture.database.run('measureOutbox')).refused === 1 && (await waiting()) === 2);
      expect(await recordsOf(fixture, 'outbox.event.order')).toHaveLength(2);
      expect(await fixture.database.run('listRefused', 10)).toMatchObject([{ id: 'a-1', aggregateId: 'a' }]);
      topics.set('unknown', 'outbox.event.stock');
      expect(await fixture.database.run('retryRefused')).toBe(1);
      await until(async () => (await waiting()) === 0);
      expect(idsOf(await recordsOf(fixture, 'outbox.event.stock'))).toEqual(['a-1', 'a-2']);
    });

    test('a message has its effect once, however often it comes', async () => {
      const fence = { consumer: 'billing', source: 'orders/0', epoch: 1 };
      await fixture.database.run('claim', fence);
      const effect = (message: string) => ({
        message,
        statements: [{ sql: 'INSERT INTO effects (id, note) VALUES ($1, $2)', params: [message, 'billed'] }],
        events: [eventOf('a', `billed-${message}`)],
      });
      const receive = (...messages: readonly string[]) =>
        fixture.database.run('receive', fixture.database.dialect, fence, messages.map(effect), Date.now(), 1_000);
      expect(await receive('m1', 'm2', 'm1')).toEqual(['applied', 'applied', 'duplicate']);
      expect(await receive('m2', 'm3')).toEqual(['duplicate', 'applied']);
      expect(await fixture.rows('SELECT id FROM effects ORDER BY id')).toEqual([
        { id: 'm1' },
        { id: 'm2' },
        { id: 'm3' },
      ]);
      expect(await waiting()).toBe(3);
    });

    test('an effect that fails leaves nothing behind, and its message is new again', async () => {
      const fence = { consumer: 'billing', source: 'orders/0', epoch: 1 };
      await fixture.database.run('claim', fence);
      const receive = (sql: string) =>
        fixture.database.run(
          'receive',
          fixture.database.dialect,
          fence,
          [{ message: 'm1', statements: [{ sql, params: ['m1', 'billed'] }] }],
          Date.now(),
          1_000,
        );
      await expect(receive('INSERT INTO nowhere (id, note) VALUES ($1, $2)')).rejects.toThrow();
      expect(await receive('INSERT INTO effects (id, note) VALUES ($1, $2)')).toEqual(['applied']);
    });

    test('a message is forgotten after its window', async () => {
      const accept = async (now: number) => {
        const fence = { consumer: 'billing', source: 'orders/0', epoch: 1 };
        await fixture.database.run('claim', fence);
        const effects = [{ message: 'm1', statements: [] }];
        return fixture.database.run('receive', fixture.database.dialect, fence, effects, now, 1_000);
      };
      expect(await accept(10_000)).toEqual(['applied']);
      expect(await accept(10_999)).toEqual(['duplicate']);
      expect(await accept(12_000)).toEqual(['applied']);
      expect(await fixture.database.run('purgeInbox', 'billing', 12_001, 10)).toBe(1);
      expect(await accept(12_001)).toEqual(['applied']);
    });

    test('rejects an effect of an epoch that a later one has followed', async () => {
      const old = { consumer: 'billing', source: 'orders/0', epoch: 3 };
      await fixture.database.run('claim', old);
      await fixture.database.run('claim', { ...old, epoch: 4 });
      const fenced = { code: 'event-fenced' };
      const effects = [{ message: 'm1', statements: [] }];
      await expect(
        fixture.database.run('receive', fixture.database.dialect, old, effects, Date.now(), 1_000),
      ).rejects.toMatchObject(fenced);
      await expect(fixture.database.run('claim', old)).rejects.toMatchObject(fenced);
      await fixture.database.run('forget', 'billing');
      await fixture.database.run('claim', old);
    });

    test('an event goes from the transaction that makes it to the one that uses it, once', async () => {
      startRelay();
      const consumer = opened.use(
        new EventConsumer({
          ...fixture,
          group: 'billing',
          topics: ['outbox.event.order'],
          handle: (record) => ({
            statements: [
              {
                sql: 'INSERT INTO effects (id, note) VALUES ($1, $2)',
                params: [headerOf(record, 'id') as string, record.key as string],
              },
            ],
          }),
        }),
      );
      consumer.start();
      await write('a-1', 'b-1', 'a-2');
      // The relay died after the log had them: they come again.
      await write('a-3');
      await until(() => consumer.state.applied === 4);
      await fixture.log.produce(
        (await recordsOf(fixture, 'outbox.event.order')).map((record) => ({ ...record, key: record.key as string })),
      );
      await until(() => consumer.state.duplicates === 4);
      expect(await fixture.rows(`SELECT id FROM effects WHERE note = 'a' ORDER BY id`)).toEqual([
        { id: 'a-1' },
        { id: 'a-2' },
        { id: 'a-3' },
      ]);
      await until(async () => (await fixture.log.lag('billing', 'outbox.event.order')).every(({ lag }) => lag === 0));
    });

    test('the inbox keeps what is within the window of its consumer, and no more', async () => {
      startRelay();
      const consume = (group: string, windowMs: number): EventConsumer => {
        const consumer = opened.use(
          new EventConsumer({ ...fixture, group, topics: ['outbox.event.order'], windowMs, handle: () => ({}) }),
        );
        consumer.start();
        return consumer;
      };
      const [short, long] = [consume('short', 1), consume('long', 3_600_000)];
      await write('a-1', 'a-2');
      await until(() => short.state.applied === 2 && long.state.applied === 2);
      const kept = () => fixture.rows<{ consumer: string }>('SELECT consumer FROM event_inbox');
      await until(async () => (await kept()).length === 2);
      expect((await kept()).map(({ consumer }) => consumer)).toEqual(['long', 'long']);
    });

    test('a handler that fails is asked again, and nothing is left out', async () => {
      startRelay();
      let failures = 0;
      const consumer = opened.use(
        new EventConsumer({
          ...fixture,
          group: 'billing',
          topics: ['outbox.event.order'],
          handle: (record) => {
            if (failures++ < 2) throw new Error('the price list is not there yet');
            return {
              statements: [{ sql: 'INSERT INTO effects (id, note) VALUES ($1, $1)', params: [record.key as string] }],
            };
          },
        }),
      );
      consumer.start();
      await write('a-1');
      await until(() => consumer.state.applied === 1);
      expect(await fixture.rows('SELECT id FROM effects')).toEqual([{ id: 'a' }]);
      await until(() => consumer.state.failure === undefined);
    });
  });
}
