import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Served, serve } from './desk-fixture.ts';

// Whoever sends whatever: an answer comes, it is no 500, and nothing is in the store that was not accepted.

let served: Served;
let ids: readonly string[];
beforeAll(async () => {
  served = serve();
  const add = (n: number) =>
    served.api.inject({
      method: 'POST',
      url: '/v1/queues/orders/jobs',
      headers: { 'idempotency-key': `seed-${n}` },
      payload: { task: 'note', payload: n },
    });
  ids = await Promise.all(Array.from({ length: 5 }, async (_, n) => (await add(n)).json().id as string));
  await served.fail(ids[0] as string);
});
afterAll(() => served.api.close());

const token = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
const odd = fc.oneof(
  token,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '0', '-1', '1e9', '9007199254740993', 'NaN', '%', '%zz', '%00', '..', '__proto__', '\ud800', '𝒳'),
);
const encoded = odd.map((text) => {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
});
const segment = fc.oneof(encoded, fc.constantFrom('%', '%zz', '%ff', 'orders', 'x'.repeat(2_000)));
const id = fc.oneof(
  segment,
  fc.nat({ max: 4 }).map((n) => ids[n] as string),
);
const query = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom('cursor', 'limit', 'state', 'order', 'task', 'group'), encoded), encoded), {
    maxLength: 4,
  })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`));
const queue = fc.oneof({ weight: 3, arbitrary: fc.constant('orders') }, { weight: 1, arbitrary: segment });
const path = fc.oneof(
  { weight: 3, arbitrary: queue.map((name) => `/v1/queues/${name}/jobs`) },
  fc
    .tuple(queue, fc.constantFrom('', '/pause', '/resume', '/redrive', '/bound', '/schedules'))
    .map(([name, what]) => `/v1/queues/${name}${what}`),
  {
    weight: 2,
    arbitrary: fc.tuple(queue, segment).map(([name, schedule]) => `/v1/queues/${name}/schedules/${schedule}`),
  },
  fc
    .tuple(queue, segment, fc.constantFrom('/pause', '/resume'))
    .map(([name, schedule, what]) => `/v1/queues/${name}/schedules/${schedule}${what}`),
  fc.tuple(id, fc.constantFrom('', '/cancel', '/redrive')).map(([job, what]) => `/v1/jobs/${job}${what}`),
  fc.constantFrom('/v1/queues', '/v1/tasks', '/openapi.json', '/', '//', '/v1'),
  segment.map((text) => `/${text}`),
);
const oddHeader = fc.dictionary(
  fc.constantFrom(
    'idempotency-key',
    'x-request-deadline-ms',
    'traceparent',
    'tracestate',
    'origin',
    'sec-fetch-site',
    'content-type',
    'content-length',
    'accept',
    'host',
  ),
  fc.oneof(
    token.map((text) => text.replaceAll(/[^\x20-\x7e]/g, '')),
    fc.constantFrom('0', '1', 'application/json', 'k', '00-'.repeat(300)),
  ),
  { maxKeys: 4 },
);
const header = fc.oneof(
  { weight: 3, arbitrary: fc.nat().map((n): Record<string, string> => ({ 'idempotency-key': `key-${n}` })) },
  { weight: 2, arbitrary: oddHeader },
);
const aJob = fc.record(
  {
    task: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('ship', 'note') }, { weight: 1, arbitrary: odd }),
    payload: fc.oneof(fc.record({ order: odd, weight: fc.double() }, { requiredKeys: [] }), fc.jsonValue()),
    delay: fc.oneof(fc.constantFrom('1 second', '-1 second', '1e308 days', '0 ms'), odd),
    runAt: fc.oneof(fc.integer(), fc.double()),
    priority: fc.oneof(fc.integer({ min: -1, max: 102 }), fc.double()),
    group: odd,
    orderKey: odd,
    limitKey: odd,
    deadline: fc.oneof(fc.constantFrom('1 second', '99999999999 days'), odd),
    needs: fc.array(
      fc.record({
        job: fc.oneof(
          fc.nat({ max: 4 }).map((n) => ids[n] as string),
          odd,
        ),
      }),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: ['task', 'payload'] },
);
const aSchedule = fc.record(
  {
    cron: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('* * * * *', '0 3 * * 1-5', '*/5 * * * * *') }, odd),
    timeZone: fc.oneof(fc.constantFrom('Europe/Berlin', 'Mars/Olympus', '+25:00'), odd),
    missed: fc.constantFrom('skip', 'run-once', 'run-all', 'sometimes'),
    job: fc.record({ task: fc.constantFrom('note', 'ship', 'sing'), payload: fc.jsonValue() }),
  },
  { requiredKeys: ['cron', 'job'] },
);
const body = fc.oneof(
  { weight: 2, arbitrary: aSchedule.map((each) => JSON.stringify(each)) },
  { weight: 3, arbitrary: aJob.map((each) => JSON.stringify(each)) },
  {
    weight: 2,
    arbitrary: fc
      .record({ task: fc.constantFrom('ship', 'note'), payload: fc.jsonValue() })
      .map((each) => JSON.stringify(each)),
  },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: odd },
  {
    weight: 1,
    arbitrary: fc
      .record({ after: fc.integer(), limit: fc.integer({ max: 600 }), reason: odd }, { requiredKeys: [] })
      .map((each) => JSON.stringify(each)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 5_000 }).map((n) => `${'{"a":'.repeat(n)}1${'}'.repeat(n)}`) },
);
const call = fc.record({
  method: fc.constantFrom('GET', 'POST', 'POST', 'POST', 'PUT', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'),
  path,
  query: fc.oneof(fc.constant(''), query),
  header,
  body: fc.option(body, { nil: undefined }),
});

test('1,000 malformed calls are all answered, none by a 500, and nothing is added that was not accepted', async () => {
  let accepted = served.jobs();
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(call, async ({ method, path: url, query: search, header: headers, body: payload }) => {
      const answer = await served.api.inject({
        method: method as 'GET',
        url: `${url}${search}`,
        headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(payload === undefined ? {} : { payload }),
      });
      seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1);
      expect(answer.statusCode).not.toBe(500);
      expect(answer.statusCode === 503 ? answer.json().code : 'answered').toBe('answered');
      if (answer.statusCode >= 400 && answer.body !== '')
        expect(answer.json()).toMatchObject({ status: answer.statusCode, code: expect.any(String) });
      // A schedule that is new answers 201 as well, and adds nothing before its time.
      if (answer.statusCode === 201 && method === 'POST') accepted += 1;
      expect(served.jobs()).toBe(accepted);
    }),
    { numRuns: 1_000, seed: 1_008, endOnFailure: true },
  );
  // The calls reach what they are for: some are taken, most are refused, each for its own reason.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 201, 400, 403, 404, 405, 415, 422]));
}, 120_000);
