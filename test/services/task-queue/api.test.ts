import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KitError } from '@penstock/kit';
import { type Served, serve } from './desk-fixture.ts';

let served: Served;
beforeEach(() => {
  served = serve();
});
afterEach(() => served.api.close());

const JOBS = '/v1/queues/orders/jobs';
const add = (key: string, body: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  served.api.inject({
    method: 'POST',
    url: JOBS,
    headers: { 'idempotency-key': key, ...headers },
    payload: { task: 'ship', payload: { order: key }, ...body },
  });
const get = (url: string) => served.api.inject({ method: 'GET', url });
const post = (url: string, payload?: object, headers: Readonly<Record<string, string>> = {}) =>
  served.api.inject({ method: 'POST', url, headers, ...(payload === undefined ? {} : { payload }) });

describe('adding a job', () => {
  test('says 201 and where it is; with the same key 200 and the same job', async () => {
    const first = await add('k');
    expect([first.statusCode, first.json()]).toEqual([201, { id: expect.any(String), duplicate: false }]);
    expect(first.headers['location']).toBe(`/v1/jobs/${first.json().id}`);
    const again = await add('k');
    expect([again.statusCode, again.json()]).toEqual([200, { id: first.json().id, duplicate: true }]);
    expect(served.jobs()).toBe(1);
  });

  test('keeps everything that was said of it', async () => {
    const needed = (await add('first')).json().id as string;
    const options = { runAt: 99, priority: 7, group: 'g', orderKey: 'o', limitKey: 'l', deadline: '1 hour' };
    const { id } = (await add('k', { ...options, needs: [{ job: needed, onFailure: 'run' }] })).json();
    const { deadline: _, ...kept } = options;
    expect((await get(`/v1/jobs/${id}`)).json()).toMatchObject({
      ...kept,
      queue: 'orders',
      task: 'ship',
      state: 'waiting',
      payload: { order: 'k' },
      idempotencyKey: 'k',
      maxAttempts: 3,
      needs: [{ job: needed, onFailure: 'run', state: 'ready' }],
      deadlineAt: expect.any(Number),
    });
  });

  test('rejects every fault of a request at once, each with what was received and expected', async () => {
    const answer = await served.api.inject({
      method: 'POST',
      url: JOBS,
      payload: { task: 'ship', payload: {}, priority: 101, delay: 'soon', colour: 'red' },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 400, code: 'request-refused', retryable: false, instance: JOBS });
    const { errors } = answer.json();
    expect(errors.map(({ path, received }: { path: string; received: string }) => [path, received])).toEqual([
      ['header.idempotency-key', 'nothing'],
      ['body.delay', '"soon"'],
      ['body.priority', '101'],
      ['body.colour', 'a field'],
    ]);
    expect(served.jobs()).toBe(0);
  });

  test('rejects a payload that is not as its task says', async () => {
    const answer = await add('k', { payload: { order: '', weight: -1 } });
    expect(answer.statusCode).toBe(422);
    expect(answer.json().errors.map(({ path }: { path: string }) => path)).toEqual([
      'body.payload.order',
      'body.payload.weight',
    ]);
    expect(served.jobs()).toBe(0);
  });

  test.each([
    ['a task that nobody registered', { task: 'sing' }, 422, 'task-unknown'],
    ['a need that is not there', { needs: [{ job: 'nobody' }] }, 404, 'job-missing'],
    ['a need named twice', { needs: [{ job: 'a' }, { job: 'a' }] }, 400, 'request-refused'],
    ['a delay and a moment', { delay: '1 second', runAt: 1 }, 400, 'request-refused'],
    ['a delay of centuries', { delay: '1000000 days' }, 400, 'request-refused'],
    ['a NUL, which PostgreSQL does not take', { group: 'a\0b' }, 400, 'request-refused'],
  ])('rejects %s', async (_what, body, status, code) => {
    const answer = await add('k', body);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(served.jobs()).toBe(0);
  });

  test('rejects a queue that is not this server’s', async () => {
    expect((await post('/v1/queues/other/jobs', { task: 'note' }, { 'idempotency-key': 'k' })).statusCode).toBe(400);
    const answer = await post('/v1/queues/other/jobs', { task: 'note', payload: 1 }, { 'idempotency-key': 'k' });
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'queue-missing']);
  });

  test('rejects a body that is too long, too deep, no JSON, or of another type', async () => {
    const send = async (payload: string, type = 'application/json') =>
      (
        await served.api.inject({
          method: 'POST',
          url: JOBS,
          headers: { 'idempotency-key': 'k', 'content-type': type },
          payload,
        })
      ).statusCode;
    expect(await send(JSON.stringify({ task: 'note', payload: 'x'.repeat(1_100_000) }))).toBe(413);
    expect(await send(`{"task":"note","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBe(400);
    expect(await send('{')).toBe(400);
    expect(await send('task=note', 'application/x-www-form-urlencoded')).toBe(415);
    expect(served.jobs()).toBe(0);
  });

  test('tells a producer when to come back where the queue has as much as it was given', async () => {
    const put = (payload: object) => served.api.inject({ method: 'PUT', url: '/v1/queues/orders/bound', payload });
    expect((await put({ jobs: 1 })).statusCode).toBe(200);
    expect((await add('a')).statusCode).toBe(201);
    const answer = await add('b');
    expect([answer.statusCode, answer.headers['retry-after'], answer.json().code]).toEqual([429, '1', 'queue-full']);
    expect((await put({})).statusCode).toBe(200);
    expect((await add('b')).statusCode).toBe(201);
  });

  test('tells a producer to come back when the store says when', async () => {
    served.store.run = async () => {
      throw new KitError('queue-full', 'full', { retryAfterMs: 2_500 });
    };
    const answer = await add('k');
    expect([answer.statusCode, answer.headers['retry-after'], answer.json().retryable]).toEqual([429, '3', true]);
  });
});

test('counts are told again for a second, to all but who asks for them anew', async () => {
  await served.api.close();
  let now = 1_000;
  served = serve({ now: () => now });
  const ready = async (headers: Readonly<Record<string, string>> = {}) => {
    const list = await served.api.inject({ method: 'GET', url: '/v1/queues', headers });
    const one = await served.api.inject({ method: 'GET', url: '/v1/queues/orders', headers });
    return [list.json().queues[0].states.ready, one.json().states.ready];
  };
  expect(await ready()).toEqual([0, 0]);
  await add('k');
  expect(await ready()).toEqual([0, 0]);
  expect(await ready({ 'cache-control': 'no-cache' })).toEqual([1, 1]);
  await add('l');
  now += 1_000;
  expect(await ready()).toEqual([2, 2]);
});

test('a request is answered at its deadline, whatever the store does', async () => {
  served.store.run = () => new Promise<never>(() => {});
  const answer = await served.api.inject({
    method: 'GET',
    url: '/v1/queues',
    headers: { 'x-request-deadline-ms': '20' },
  });
  expect([answer.statusCode, answer.json().code]).toEqual([504, 'deadline-exceeded']);
});

test('a fault that nobody foresaw is 503, and its text stays inside', async () => {
  served.store.run = async () => {
    throw new TypeError('a secret');
  };
  const answer = await get('/v1/queues');
  expect([answer.statusCode, answer.json().code]).toEqual([503, 'storage-failed']);
  expect(answer.body).not.toContain('secret');
});

test('a request whose deadline is over does nothing', async () => {
  expect((await add('k', {}, { 'x-request-deadline-ms': '0' })).statusCode).toBe(504);
  expect(served.jobs()).toBe(0);
});

test('the dashboard loads nothing and runs nothing but its own', async () => {
  const { body, headers } = await get('/');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  for (const [, kind, code] of body.matchAll(/<(style|script)>(.*?)<\/\1>/gs)) {
    const hash = createHash('sha256')
      .update(code as string)
      .digest('base64');
    expect(policy).toContain(`${kind}-src 'sha256-${hash}'`);
  }
  expect(body).not.toMatch(/(?:src|href)="?https?:|@import|url\(|innerHTML/);
  expect(Buffer.byteLength(body)).toBeLessThan(32_000);
});

describe('looking at jobs', () => {
  test('walks all pages by their links', async () => {
    const added: string[] = [];
    for (let n = 0; n < 5; n += 1) added.push((await add(`k${n}`)).json().id);
    const keys: string[] = [];
    let url: string | undefined = `${JOBS}?limit=2&order=oldest&task=ship`;
    while (url !== undefined) {
      const page = await get(url);
      expect(page.statusCode).toBe(200);
      keys.push(...page.json().jobs.map(({ id }: { id: string }) => id));
      url = /^<([^>]+)>; rel="next"$/.exec(String(page.headers['link'] ?? ''))?.[1];
    }
    expect(keys).toEqual(added);
  });

  test.each(['limit=0', 'limit=501', 'cursor=x', 'cursor=-1', 'state=gone', 'order=random', 'limit=1&limit=2', 'x=1'])(
    'rejects the question %s',
    async (question) => {
      expect((await get(`${JOBS}?${question}`)).statusCode).toBe(400);
    },
  );

  test('rejects what is not there', async () => {
    expect((await get('/v1/jobs/nobody')).statusCode).toBe(404);
    expect((await get('/v1/queues/other')).statusCode).toBe(404);
    expect((await get('/v2')).statusCode).toBe(404);
    const wrong = await post('/v1/queues');
    expect([wrong.statusCode, wrong.headers['allow']]).toEqual([405, 'GET']);
  });

  test('queues have counts and ages, and tasks their schemas', async () => {
    await add('k');
    expect((await get('/v1/queues')).json().queues).toEqual([
      expect.objectContaining({
        queue: 'orders',
        isDrained: false,
        states: expect.objectContaining({ ready: 1 }),
        totals: { added: 1, ended: 0, failed: 0 },
        delayed: 0,
      }),
    ]);
    expect((await get('/v1/tasks')).json().tasks[0]).toMatchObject({
      name: 'ship',
      version: 1,
      payload: { required: ['order'] },
    });
  });
});

describe('operating', () => {
  test('cancels once, and says so again', async () => {
    const { id } = (await add('k')).json();
    expect((await post(`/v1/jobs/${id}/cancel`, { reason: 'not wanted' })).json()).toEqual({ outcome: 'cancelled' });
    expect((await post(`/v1/jobs/${id}/cancel`)).json()).toEqual({ outcome: 'cancelled' });
    expect((await get(`/v1/jobs/${id}`)).json()).toMatchObject({
      state: 'cancelled',
      history: [{ reason: 'not wanted' }],
    });
  });

  test('redrives what failed, by id and all of a queue', async () => {
    const ids: string[] = [];
    for (const key of ['a', 'b', 'c']) {
      ids.push((await add(key)).json().id);
      await served.fail(ids.at(-1) as string);
    }
    const one = await post(`/v1/jobs/${ids[0]}/redrive`);
    expect([one.statusCode, one.json().state, one.json().history[0].code]).toEqual([200, 'ready', 'broken']);
    const again = await post(`/v1/jobs/${ids[0]}/redrive`);
    expect([again.statusCode, again.json().code]).toEqual([409, 'redrive-refused']);
    expect((await post('/v1/queues/orders/redrive', { limit: 1 })).json()).toMatchObject({
      redriven: 1,
      next: expect.any(Number),
    });
    expect((await post('/v1/queues/orders/redrive')).json()).toMatchObject({ redriven: 1 });
  });

  test('pauses and resumes a queue, which is drained once nothing is out', async () => {
    expect((await post('/v1/queues/orders/pause')).json()).toMatchObject({ isDrained: true });
    expect((await get('/v1/queues/orders')).json().pausedAt).toEqual(expect.any(Number));
    expect((await post('/v1/queues/orders/resume')).json()).not.toHaveProperty('pausedAt');
  });
});

describe('a browser', () => {
  const pause = (headers: Readonly<Record<string, string>>) =>
    post('/v1/queues/orders/pause', undefined, { host: 'jobs.local:8080', ...headers }).then(
      ({ statusCode }) => statusCode,
    );

  test('changes something from the own page only, and with the header of the dashboard', async () => {
    const own = { origin: 'http://jobs.local:8080', 'sec-fetch-site': 'same-origin' };
    expect(await pause({ ...own, 'x-penstock-dashboard': '1' })).toBe(200);
  });

  test.each([
    ['another site', { origin: 'http://evil.example', 'x-penstock-dashboard': '1' }],
    ['another port', { origin: 'http://jobs.local:9', 'x-penstock-dashboard': '1' }],
    ['a form', { origin: 'http://jobs.local:8080', 'sec-fetch-site': 'same-origin' }],
    ['a page that hides where it is', { origin: 'null', 'x-penstock-dashboard': '1' }],
    ['a site beside it', { 'sec-fetch-site': 'same-site', 'x-penstock-dashboard': '1' }],
  ])('rejects a change from %s', async (_what, headers) => {
    expect(await pause(headers)).toBe(403);
  });
});

test('the document names every route, and nothing in it leads nowhere', async () => {
  const document = (await get('/openapi.json')).json();
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths).length).toBe(15);
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g))
    expect(document.components.schemas).toHaveProperty([name as string]);
  expect(text).not.toContain('$defs');
  expect(document.paths['/v1/queues/{queue}/jobs'].post).toMatchObject({
    requestBody: { required: true },
    responses: { 201: {}, 200: {}, 429: {} },
  });
});
