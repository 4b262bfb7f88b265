import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { releasePolicyOf } from '@penstock/kit/jobs';
import { ScheduleDesk } from '@penstock/task-queue';
import { pino } from 'pino';
import { DispatchLane } from '../../../services/kit/src/jobs/dispatch-lane.ts';
import { type Served, serve } from './desk-fixture.ts';

/** Monday, 30 November 2026, 12:00 in UTC: 13:00 in Berlin. */
const NOON = Date.UTC(2026, 10, 30, 12);
const MINUTE = 60_000;
const DAY = 86_400_000;

let now: number;
let served: Served;
beforeEach(() => {
  now = NOON;
  served = serve({ now: () => now });
});
afterEach(() => served.api.close());

const PATH = '/v1/queues/orders/schedules';
const nightly = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', job: { task: 'ship', payload: { order: 'stock' } } };
const call = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, payload?: object) =>
  served.api.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
const put = (name: string, body: object) => call('PUT', `${PATH}/${name}`, body);
const listed = async () => (await call('GET', PATH)).json().schedules;

/** A dispatcher of the server, turn by turn; what it adds stays ready, since nobody has room. */
const laneOf = (owner = 'd1') =>
  new DispatchLane(
    {
      queue: 'orders',
      bus: { publish: async ({ idempotencyKey }) => ({ id: idempotencyKey, duplicate: false }) },
      window: 0,
      policy: releasePolicyOf([]),
      scheduleOf: (row) => new ScheduleDesk(served.desk).scheduleOf(row),
    },
    { store: served.store, owner, log: pino({ level: 'silent' }), now: () => now },
  );
const keys = async () =>
  (await call('GET', '/v1/queues/orders/jobs?order=oldest')).json().jobs.map(({ id }: { id: string }) => id);
const jobs = async () =>
  Promise.all((await keys()).map(async (id: string) => (await call('GET', `/v1/jobs/${id}`)).json()));

describe('a schedule over HTTP', () => {
  test('says when it comes next in its own time zone, and is listed', async () => {
    const made = await put('nightly', nightly);
    const view = { ...nightly, name: 'nightly', missed: 'run-once', isPaused: false, isDeclared: false };
    expect([made.statusCode, made.json()]).toEqual([201, { ...view, nextAt: Date.UTC(2026, 11, 1, 1, 30) }]);
    expect(await listed()).toEqual([made.json()]);
    expect((await put('nightly', nightly)).statusCode).toBe(200);
  });

  test('adds its job at each of its times, once, whoever dispatches', async () => {
    await put('minutely', { cron: '* * * * *', job: { task: 'note', payload: { n: 1 }, priority: 3, group: 'g' } });
    const [one, other] = [laneOf('d1'), laneOf('d2')];
    await one.turn();
    for (const lane of [one, other]) {
      now = NOON + MINUTE;
      await lane.turn();
    }
    await one.resign();
    now = NOON + 2 * MINUTE;
    await other.turn();
    const added = await jobs();
    expect(added.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      'minutely@2026-11-30T12:01:00.000Z',
      'minutely@2026-11-30T12:02:00.000Z',
    ]);
    expect(added[0]).toMatchObject({ task: 'note', payload: { n: 1 }, priority: 3, group: 'g', runAt: NOON + MINUTE });
  });

  test.each([
    ['skip', 0],
    ['run-once', 1],
    ['run-all', 3],
  ])('with missed: %s adds %i jobs for three nights without a dispatcher', async (missed, count) => {
    await put('nightly', { ...nightly, missed });
    now += 3 * DAY;
    await laneOf().turn();
    expect(await jobs()).toHaveLength(count);
  });

  test('adds nothing while it is paused, and misses nothing by it', async () => {
    await put('minutely', { cron: '* * * * *', missed: 'run-all', job: { task: 'note', payload: 1 } });
    const paused = await call('POST', `${PATH}/minutely/pause`);
    expect([paused.json().isPaused, paused.json().nextAt]).toEqual([true, undefined]);
    const lane = laneOf();
    now += DAY;
    await lane.turn();
    expect(await jobs()).toEqual([]);
    expect((await call('POST', `${PATH}/minutely/resume`)).json()).toMatchObject({
      isPaused: false,
      nextAt: NOON + DAY + MINUTE,
    });
    now += MINUTE;
    await lane.turn();
    expect(await jobs()).toHaveLength(1);
  });

  test('is noticed within a second by a dispatcher that knew of none, and is gone when it is removed', async () => {
    const lane = laneOf();
    expect(await lane.turn()).toBe(NOON + 1_000);
    await put('minutely', { cron: '* * * * *', job: { task: 'note', payload: 1 } });
    now += 1_000;
    expect(await lane.turn()).toBe(NOON + 5_000);
    expect((await call('DELETE', `${PATH}/minutely`)).statusCode).toBe(204);
    expect(await listed()).toEqual([]);
    now += MINUTE;
    await lane.turn();
    expect(await jobs()).toEqual([]);
  });

  test('rejects every fault of one, each with its path', async () => {
    const answer = await put('odd', { cron: '', missed: 'sometimes', job: { task: 'note' }, colour: 'red' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors.map(({ path }: { path: string }) => path)).toEqual([
      'body.cron',
      'body.missed',
      'body.job.payload',
      'body.colour',
    ]);
  });

  test.each([
    ['times that never come', { ...nightly, cron: '0 0 31 2 *' }, 422, 'body.cron'],
    ['what is no cron expression', { ...nightly, cron: 'at noon' }, 422, 'body.cron'],
    ['a time zone that nobody knows', { ...nightly, timeZone: 'Mars/Olympus' }, 422, 'body.timeZone'],
    [
      'a payload that is not as its task says',
      { ...nightly, job: { task: 'ship', payload: {} } },
      422,
      'body.job.payload.order',
    ],
  ])('rejects %s', async (_what, body, status, path) => {
    const answer = await put('odd', body);
    expect([answer.statusCode, answer.json().errors[0].path]).toEqual([status, path]);
    expect(await listed()).toEqual([]);
  });

  test('rejects a task that nobody registered, and a schedule that is not there', async () => {
    expect((await put('odd', { ...nightly, job: { task: 'sing', payload: 1 } })).json().code).toBe('task-unknown');
    for (const [method, url] of [
      ['POST', `${PATH}/none/pause`],
      ['POST', `${PATH}/none/resume`],
      ['DELETE', `${PATH}/none`],
    ] as const) {
      const answer = await call(method, url);
      expect([answer.statusCode, answer.json().code]).toEqual([404, 'schedule-missing']);
    }
  });

  test('rejects a change of one that code declares: it would come back with that code', async () => {
    const definition = JSON.stringify({ cron: '0 3 * * *', timeZone: 'UTC', missed: 'skip' });
    await served.store.run('putSchedule', { name: 'clock', queue: 'orders', definition, nextAt: NOON });
    expect(await listed()).toEqual([
      {
        name: 'clock',
        cron: '0 3 * * *',
        timeZone: 'UTC',
        missed: 'skip',
        nextAt: NOON,
        isPaused: false,
        isDeclared: true,
      },
    ]);
    const answer = await call('DELETE', `${PATH}/clock`);
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'schedule-refused']);
    // One that it does not know rests, and stops nothing else.
    await laneOf().turn();
    expect(await jobs()).toEqual([]);
  });
});
