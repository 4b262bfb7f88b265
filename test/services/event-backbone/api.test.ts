import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OutboxRelay } from '@penstock/kit/events';
import { createApi } from '../../../services/event-backbone/src/api.ts';
import { type EventsFixture, eventOf, openFixture } from '../kit/events/fixture.ts';

let fixture: EventsFixture;
let api: ReturnType<typeof createApi>;

beforeAll(async () => {
  fixture = await openFixture();
  api = createApi({ ...fixture, relay: new OutboxRelay({ ...fixture, owner: 'relay-1' }) });
}, 30_000);
afterAll(async () => {
  await api.close();
  await fixture[Symbol.asyncDispose]();
});

const get = async (url: string) => (await api.inject({ method: 'GET', url })).json() as unknown;

test('the outbox, its relay and the projections are shown', async () => {
  await fixture.database.run('append', [eventOf('a', 'a-1')], 1_000);
  expect(await get('/outbox')).toEqual({
    waiting: 1,
    refused: 0,
    oldestAt: 1_000,
    relay: { leads: false, published: 0, reads: 'outbox' },
  });
  expect(await get('/projections')).toEqual({ projections: [] });
});

test('what the log refused is listed, and tried again when it is asked for', async () => {
  const term = await fixture.database.run('lead', 'relay', 'relay-1', Date.now(), 1_000);
  const lead = { role: 'relay', owner: 'relay-1', term: term as number };
  const [event] = await fixture.database.run('relayOn', lead, { published: [], refused: [] }, 1);
  const refused = [{ seq: event?.seq as number, reason: 'too large' }];
  await fixture.database.run('relayOn', lead, { published: [], refused }, 1);
  expect(await get('/outbox/refused')).toMatchObject({ events: [{ id: 'a-1', reason: 'too large' }] });
  expect((await api.inject({ method: 'POST', url: '/outbox/retry' })).json()).toEqual({ retried: 1 });
  expect(await get('/outbox/refused?limit=5')).toEqual({ events: [] });
});

test('the lag of a group is shown', async () => {
  expect(await get('/topics/outbox.event.order/groups/billing')).toMatchObject({
    partitions: [{ partition: 0, lag: 0 }, { partition: 1 }, { partition: 2 }],
  });
});

test('rejects a topic that is not there, and a limit out of bounds', async () => {
  const missing = await api.inject({ method: 'GET', url: '/topics/nowhere/groups/billing' });
  expect([missing.statusCode, missing.json()]).toMatchObject([404, { type: 'urn:penstock:topic-missing' }]);
  const refused = await api.inject({ method: 'GET', url: '/outbox/refused?limit=0' });
  expect([refused.statusCode, refused.json()]).toMatchObject([400, { type: 'urn:penstock:request-refused' }]);
});
