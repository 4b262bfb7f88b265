import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OutboxRelay } from '@penstock/kit/events';
import { PostgresServer, postgresRequirement } from '../../../helpers/postgres-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { eventOf, openFixture } from './fixture.ts';
import { describeOutbox, recordsOf, until } from './outbox-suite.ts';

describeOutbox('SQLite', () => openFixture());

describeWith(postgresRequirement(), 'PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters: {}, access: ['host all all 127.0.0.1/32 trust'] });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  describeOutbox('PostgreSQL', () => openFixture(server));

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
