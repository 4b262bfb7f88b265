import { describe, expect, test } from '@jest/globals';
import {
  declareHttpService,
  declareInferenceEngine,
  declareJob,
  declareMigration,
  declareWorker,
  defineTopology,
  encodeProfile,
  httpServiceProfile,
  jobProfile,
  ModelError,
  parseProfile,
  queueProfile,
} from '@penstock/model';
import fc from 'fast-check';

const front = declareHttpService({ name: 'front', calls: ['ranker'], publishes: { orders: 'order.v1' } });
const sweep = declareJob({ name: 'sweep', calls: ['embedder'], publishes: { retries: 'order.v1' } });

/** A platform in which three kinds of workload call one engine and two publish to one queue. */
const shop = defineTopology({
  name: 'shop',
  queues: { orders: { arrivalRate: '10/s', peakRate: '100/s', doneWithin: '5 minutes' } },
  engines: {
    ranker: {
      service: declareInferenceEngine({ name: 'engine', tasks: ['embedding'] }),
      task: 'embedding',
      model: { id: 'mini', revision: '1', weights: '90 MB', dimensions: 384, maxTokens: 256 },
      tokenRate: '100000/s',
      tokensPerRequest: 10,
      doneWithin: '500 milliseconds',
      resources: { memory: '1 GiB' },
    },
  },
  workers: {
    ship: {
      service: declareWorker({ name: 'shipper', payload: 'order.v1', calls: ['ranker'] }),
      queue: 'orders',
      workTime: { mean: '1 second', p99: '3 seconds' },
      calls: { ranker: { engine: 'ranker', perItem: 2 } },
    },
  },
  httpServices: {
    api: {
      service: front,
      arrivalRate: '20/s',
      peakRate: '60/s',
      requestTime: { mean: '100 milliseconds', p99: '800 milliseconds' },
      requestsAtOnce: 10,
      doneWithin: '2 seconds',
      calls: { ranker: { engine: 'ranker', perRequest: 0.5 } },
      publishes: { orders: { queue: 'orders' } },
    },
  },
  schedules: {
    sweep: {
      service: sweep,
      cron: '*/10 * * * *',
      runTime: { mean: '1 minute', p99: '4 minutes' },
      calls: { embedder: { engine: 'ranker', peakRate: '15/s' } },
      publishes: { retries: { queue: 'orders', peakRate: '40/s' } },
    },
  },
  migrations: { schema: { service: declareMigration({ name: 'schema' }), longestRun: '10 minutes' } },
});

describe('a topology of all kinds of workload', () => {
  test('has engines for the peaks of all callers: 2 * 100 + 0.5 * 60 + 15 a second', () => {
    expect(shop.engines.ranker.peakRequests).toBe(245);
  });

  test('counts a schedule as often as it may run at once', () => {
    const { sweep: resolved } = shop.schedules;
    expect(resolved.runsAtOnce).toBe(1);
    expect(resolved.deadline.inSeconds).toBe(3 * (30 + 360) + 30);
  });

  test('carries the peak of its API: 60/s of 100 ms are 6 at once, 6 / 7 of one replica, and two for one to be lost', () => {
    const { api } = shop.httpServices;
    expect([api.minReplicas, api.maxReplicas]).toEqual([2, 2]);
    expect(api.drain.inSeconds).toBe(5);
    expect(api.terminationGrace.inSeconds).toBe(10);
  });

  test('is another one when only a migration changed', () => {
    const facts = (longestRun: '1 minute' | '2 minutes') =>
      defineTopology({
        name: 'bare',
        queues: {},
        workers: {},
        migrations: { m: { service: declareMigration({ name: 'schema' }), longestRun } },
      }).fingerprint;
    expect(facts('1 minute')).not.toBe(facts('2 minutes'));
  });
});

describe('the profile of a publisher', () => {
  test('holds its queue with the numbers of the worker that takes from it', () => {
    const expected = queueProfile(shop.queues.orders, shop.workers.ship);
    expect(httpServiceProfile(shop, 'api').publishes).toEqual({ orders: expected });
    expect(jobProfile(shop, 'sweep').publishes).toEqual({ retries: expected });
  });

  test('is read back as it was written', () => {
    const http = httpServiceProfile(shop, 'api');
    expect(parseProfile(encodeProfile(http), front)).toEqual(http);
    const job = jobProfile(shop, 'sweep');
    expect(parseProfile(encodeProfile(job), sweep)).toEqual(job);
  });

  test('rejects a queue in which a number is missing, where it is missing', () => {
    const text = encodeProfile(httpServiceProfile(shop, 'api')).replace(/"duplicateWindowMs":\d+,/, '');
    let error: unknown;
    try {
      parseProfile(text, front);
    } catch (thrown) {
      error = thrown;
    }
    expect(ModelError.is(error) && error.violations.map(({ path }) => path)).toEqual([
      'PENSTOCK_PROFILE.publishes.orders.duplicateWindowMs',
    ]);
  });
});

test('whatever is derived for a service that answers requests carries its peak and outlives its longest request', () => {
  let resolved = 0;
  fc.assert(
    fc.property(
      fc.record({
        perMinute: fc.integer({ min: 1, max: 100_000 }),
        burst: fc.integer({ min: 1, max: 10 }),
        meanMs: fc.integer({ min: 1, max: 5_000 }),
        tail: fc.integer({ min: 1, max: 10 }),
        atOnce: fc.integer({ min: 1, max: 200 }),
        coldStart: fc.integer({ min: 1, max: 600 }),
        peakWithin: fc.integer({ min: 1, max: 7_200 }),
      }),
      (f) => {
        const { h } = defineTopology({
          name: 'any',
          queues: {},
          workers: {},
          httpServices: {
            h: {
              service: declareHttpService({ name: 'h', calls: [], publishes: {} }),
              arrivalRate: `${f.perMinute}/min`,
              peakRate: `${f.perMinute * f.burst}/min`,
              requestTime: { mean: `${f.meanMs} milliseconds`, p99: `${f.meanMs * f.tail} milliseconds` },
              requestsAtOnce: f.atOnce,
              doneWithin: `${f.meanMs * f.tail} milliseconds`,
              coldStart: `${f.coldStart} seconds`,
              limitedBy: 'cpu',
              peakWithin: `${f.peakWithin} seconds`,
            },
          },
        }).httpServices;
        resolved++;
        expect(h.minReplicas).toBeGreaterThanOrEqual(2);
        expect(h.minReplicas).toBeLessThanOrEqual(h.maxReplicas);
        const rate = (replicas: number) => (replicas * f.atOnce * 1_000) / f.meanMs;
        expect(rate(h.maxReplicas)).toBeGreaterThanOrEqual(h.peakRate.perSecond * 0.999999);
        expect(rate(h.minReplicas)).toBeGreaterThanOrEqual(h.arrivalRate.perSecond * 0.999999);
        expect(h.terminationGrace.isLongerThan(h.doneWithin)).toBe(true);
        expect(h.terminationGrace.isLongerThan(h.drain)).toBe(true);
      },
    ),
    { seed: 3, numRuns: 200 },
  );
  expect(resolved).toBe(200);
});
