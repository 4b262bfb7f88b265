import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KitError } from '@penstock/kit';
import { headerOf, OutboxRelay, type OutboxRelayOptions } from '@penstock/kit/events';
import { PostgresServer, postgresRequirement } from '../../../helpers/postgres-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { type EventsFixture, eventOf, openFixture } from './fixture.ts';
import { describeOutbox, recordsOf, until } from './outbox-suite.ts';

describeOutbox('SQLite', () => openFixture());

describeWith(postgresRequirement(), 'PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({
      parameters: { wal_level: 'logical', max_replication_slots: '50', max_wal_senders: '50' },
      access: ['host all all 127.0.0.1/32 trust'],
    });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  describeOutbox('PostgreSQL', () => openFixture(server));
  describeOutbox('PostgreSQL, followed by its log', () => openFixture(server, undefined, true));

  describe('a relay that follows the log of the database', () => {
    const MIB = 2 ** 20;
    const openFollowed = async () => {
      const fixture = await openFixture(server, undefined, true);
      const writer = await fixture.openWriter();
      return {
        fixture,
        write: async (...ids: readonly string[]): Promise<void> => {
          await writer.begin();
          await writer.append(...ids.map((id) => eventOf(id.split('-')[0] as string, id)));
          await writer.end('COMMIT');
        },
        /** Something else in the same database writes. */
        writeOther: async (mebibytes: number): Promise<void> => {
          await fixture.rows('CREATE TABLE IF NOT EXISTS others (text TEXT)');
          for (let n = 0; n < mebibytes; n++)
            await fixture.rows(`INSERT INTO others SELECT repeat('x', 1000) FROM generate_series(1, 1000)`);
        },
        close: async (): Promise<void> => {
          await writer.close();
          await fixture[Symbol.asyncDispose]();
        },
      };
    };
    const startRelay = (fixture: EventsFixture, more: Partial<OutboxRelayOptions> = {}): OutboxRelay => {
      const relay = new OutboxRelay({ ...fixture, owner: 'relay-1', ...more });
      relay.start();
      return relay;
    };
    const idsOf = async (fixture: EventsFixture) =>
      (await recordsOf(fixture, 'outbox.event.order')).map((record) => headerOf(record, 'id')).toSorted();

    test('it tells of events without a look into the outbox, each once', async () => {
      const { fixture, write, close } = await openFollowed();
      await write('a-0');
      const relay = startRelay(fixture);
      await until(() => relay.state.reads === 'database log');
      await write('a-1', 'b-1');
      await write('a-2');
      await until(() => relay.state.published === 4);
      expect(await idsOf(fixture)).toEqual(['a-0', 'a-1', 'a-2', 'b-1']);
      await until(async () => (await fixture.database.run('measureOutbox')).waiting === 0);
      expect(relay.state.reads).toBe('database log');
      await relay.close();
      await close();
    });

    test('a slot that is gone and made anew loses no event that was appended meanwhile (debezium/debezium#3970)', async () => {
      const { fixture, write, close } = await openFollowed();
      const first = startRelay(fixture);
      await until(() => first.state.reads === 'database log');
      await write('a-1');
      await until(() => first.state.published === 1);
      await first.close();
      await fixture.follow?.drop();
      await write('a-2', 'b-1');
      const second = startRelay(fixture, { owner: 'relay-2' });
      await write('a-3');
      await until(async () => new Set(await idsOf(fixture)).size === 4);
      await until(() => second.state.reads === 'database log');
      await second.close();
      await close();
    });

    test('a slot that somebody drops while it is read is made anew, and nothing is lost', async () => {
      const { fixture, write, close } = await openFollowed();
      const relay = startRelay(fixture);
      await until(() => relay.state.reads === 'database log');
      await fixture.follow?.drop();
      await write('a-1');
      await until(async () => new Set(await idsOf(fixture)).size === 1);
      await until(() => relay.state.reads === 'database log');
      await write('a-2');
      await until(async () => new Set(await idsOf(fixture)).size === 2);
      await relay.close();
      await close();
    });

    test('what could not be published is published before what came after it', async () => {
      const { fixture, write, close } = await openFollowed();
      let failures = 0;
      const log = Object.assign(Object.create(fixture.log) as typeof fixture.log, {
        produce: async (records: Parameters<typeof fixture.log.produce>[0]) => {
          if (records.some((record) => headerOf({ headers: record.headers ?? [] }, 'id') === 'a-2') && failures++ < 1)
            throw new KitError('bus-unreachable', 'the brokers are away');
          return fixture.log.produce(records);
        },
      });
      const relay = startRelay(fixture, { log });
      await until(() => relay.state.reads === 'database log');
      await write('a-1');
      await until(() => relay.state.published === 1);
      await write('a-2');
      await until(() => failures > 0);
      await write('a-3');
      await until(async () => new Set(await idsOf(fixture)).size === 3);
      const ids = (await recordsOf(fixture, 'outbox.event.order')).map((record) => headerOf(record, 'id'));
      expect([...new Set(ids)]).toEqual(['a-1', 'a-2', 'a-3']);
      await until(() => relay.state.reads === 'database log');
      await until(async () => (await fixture.database.run('measureOutbox')).waiting === 0);
      await relay.close();
      await close();
    });

    test('the database keeps nothing for an idle outbox while others write (debezium/debezium-platform#422)', async () => {
      const { fixture, writeOther, close } = await openFollowed();
      const relay = startRelay(fixture);
      await until(() => relay.state.reads === 'database log');
      await writeOther(20);
      await until(async () => ((await fixture.follow?.measure())?.retainedBytes ?? 0) < 4 * MIB);
      await relay.close();
      await close();
    }, 90_000);

    test('a slot beyond its bound is dropped, and the outbox says what is to be published (risingwavelabs/risingwave#16697)', async () => {
      const { fixture, write, writeOther, close } = await openFollowed();
      const first = startRelay(fixture);
      await until(() => first.state.reads === 'database log');
      await first.close();
      await write('a-1');
      await writeOther(6);
      expect((await fixture.follow?.measure())?.retainedBytes).toBeGreaterThan(MIB);
      const second = startRelay(fixture, { owner: 'relay-2', longestSlot: MIB });
      await until(() => second.state.published === 1);
      expect(second.state.failure).toMatchObject({ code: 'storage-full' });
      expect(await fixture.follow?.measure()).toBeUndefined();
      await second.close();
      await close();
    }, 90_000);
  });

  describe('an outbox whose numbers are given out before the commit', () => {
    test('an event that commits after a later one is not passed over', async () => {
      await using fixture = await openFixture(server);
      await using relay = new OutboxRelay({ ...fixture, owner: 'relay-1' });
      relay.start();
      const [slow, fast] = [await fixture.openWriter(), await fixture.openWriter()];
      await slow.begin();
      await slow.append(eventOf('a', 'a-1'));
      await fast.begin();
      await fast.append(eventOf('b', 'b-1'));
      await fast.end('COMMIT');
      await until(() => relay.state.published === 1);
      await slow.end('COMMIT');
      await until(() => relay.state.published === 2);
      expect(await recordsOf(fixture, 'outbox.event.order')).toHaveLength(2);
      await slow.close();
      await fast.close();
    });

    test('transactions that tell of one aggregate follow each other', async () => {
      await using fixture = await openFixture(server);
      const [first, second] = [await fixture.openWriter(), await fixture.openWriter()];
      await first.begin();
      await first.append(eventOf('a', 'a-1'));
      await second.begin();
      let isAppended = false;
      const appending = second.append(eventOf('a', 'a-2')).then(() => {
        isAppended = true;
      });
      await until(async () => {
        const [waiting] = await server.ask<{ readonly n: string }>(
          `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
        );
        return Number(waiting?.n) === 1;
      });
      expect(isAppended).toBe(false);
      await first.end('COMMIT');
      await appending;
      await second.end('COMMIT');
      expect(await fixture.rows('SELECT id FROM event_outbox ORDER BY seq')).toEqual([{ id: 'a-1' }, { id: 'a-2' }]);
      await first.close();
      await second.close();
    });
  });
});
