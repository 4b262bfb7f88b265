import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { appendToStreamWithin, Projector } from '@penstock/kit/events';
import { Client } from 'pg';
import { PostgresServer, postgresRequirement } from '../../../helpers/postgres-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { describeEventStore } from './event-store-suite.ts';
import { openFixture } from './fixture.ts';
import { until } from './outbox-suite.ts';

describeEventStore('SQLite', () => openFixture());

describeWith(postgresRequirement(), 'PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters: {}, access: ['host all all 127.0.0.1/32 trust'] });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  describeEventStore('PostgreSQL', () => openFixture(server));

  test('a projection does not pass over an event whose transaction commits after a later one', async () => {
    await using fixture = await openFixture(server);
    await using projector = new Projector({
      database: fixture.database,
      owner: 'p1',
      projection: {
        name: 'seen',
        version: 1,
        tables: [],
        schema: () => [],
        project: ({ id }) => [{ sql: 'INSERT INTO effects (id, note) VALUES ($1, $1)', params: [id] }],
      },
    });
    projector.start();
    const [slow, fast] = [new Client(fixture.url), new Client(fixture.url)];
    for (const client of [slow, fast]) {
      await client.connect();
      await client.query('BEGIN');
    }
    const event = (id: string) => ({ id, type: 'Paid', payload: new Uint8Array([1]) });
    await appendToStreamWithin(slow, { stream: 'slow', expected: 0, events: [event('first')] });
    await appendToStreamWithin(fast, { stream: 'fast', expected: 0, events: [event('second')] });
    await fast.query('COMMIT');
    // It has looked after the commit of the later one, and holds it back.
    await until(() => projector.state.isCaughtUp);
    expect(projector.state.projected).toBe(0);
    await slow.query('COMMIT');
    await until(() => projector.state.projected === 2);
    expect(await fixture.rows('SELECT id FROM effects')).toEqual([{ id: 'first' }, { id: 'second' }]);
    await slow.end();
    await fast.end();
  });
});
