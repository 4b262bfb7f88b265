import { openLogAdmin, provisionEvents } from '@penstock/kit/events';
import { type SagaStatus, write } from '@penstock/kit/sagas';
import { type EventsFixture, eventOf } from '../events/fixture.ts';
import { SHOP_TOPICS } from './shop-parts.ts';
import { orderPlaced, SHOP_SCHEMA } from './shop-saga.ts';

export async function provisionShop(fixture: EventsFixture): Promise<void> {
  await provisionEvents(fixture.url, { schema: SHOP_SCHEMA });
  await using admin = await openLogAdmin(fixture.logUrl);
  for (const name of SHOP_TOPICS) await admin.provision({ name, partitions: 3 });
}

export const place = (fixture: EventsFixture, id: string, cents = 500): Promise<void> =>
  fixture.database.run('append', [eventOf(id, `placed-${id}`, write(orderPlaced, { id, cents }))], Date.now());

export const statusOf = async (fixture: EventsFixture, id: string): Promise<SagaStatus | undefined> =>
  (await fixture.database.run('inspectSaga', 'shop', id))?.record.status;

/** What was taken, given out and sent for an order. */
export async function booksOf(fixture: EventsFixture, id: string): Promise<readonly number[]> {
  const number = async (sql: string): Promise<number> =>
    Number((await fixture.rows<{ readonly n: number | string }>(sql))[0]?.n);
  return [
    await number(`SELECT coalesce(sum(cents), 0) AS n FROM money WHERE id = '${id}'`),
    await number(`SELECT coalesce(sum(pieces), 0) AS n FROM goods WHERE id = '${id}'`),
    await number(`SELECT count(*) AS n FROM parcels WHERE id = '${id}'`),
  ];
}
