import { expect, test } from '@jest/globals';
import { declareWorker, defineTopology, ModelError, type ResolvedWorker, type Topology } from '@penstock/model';
import fc from 'fast-check';

const service = declareWorker({ name: 'w', payload: 'p', calls: [] });

interface Facts {
  readonly perMinute: number;
  readonly burst: number;
  readonly promiseSeconds: number;
  readonly meanMs: number;
  readonly tail: number;
  readonly atOnce: number;
  readonly coldStartSeconds: number;
}

const facts: fc.Arbitrary<Facts> = fc.record({
  perMinute: fc.integer({ min: 1, max: 100_000 }),
  burst: fc.integer({ min: 1, max: 10 }),
  promiseSeconds: fc.integer({ min: 1, max: 100_000 }),
  meanMs: fc.integer({ min: 1, max: 60_000 }),
  tail: fc.integer({ min: 1, max: 20 }),
  atOnce: fc.integer({ min: 1, max: 100 }),
  coldStartSeconds: fc.integer({ min: 1, max: 600 }),
});

const define = (f: Facts): Topology<'q', never, 'w'> =>
  defineTopology({
    name: 'any',
    queues: {
      q: {
        arrivalRate: `${f.perMinute}/min`,
        peakRate: `${f.perMinute * f.burst}/min`,
        doneWithin: `${f.promiseSeconds} seconds`,
      },
    },
    workers: {
      w: {
        service,
        queue: 'q',
        workTime: { mean: `${f.meanMs} milliseconds`, p99: `${f.meanMs * f.tail} milliseconds` },
        itemsAtOnce: f.atOnce,
        coldStart: `${f.coldStartSeconds} seconds`,
      },
    },
  });

/** Resolves facts that can be promised; the others are refused with violations, never with anything else. */
function resolve(
  f: Facts,
): { readonly topology: Topology<'q', never, 'w'>; readonly worker: ResolvedWorker } | undefined {
  try {
    const topology = define(f);
    return { topology, worker: topology.workers.w };
  } catch (error) {
    if (ModelError.is(error)) return undefined;
    throw error;
  }
}

const RUNS = { seed: 11, numRuns: 500 } as const;

test('whatever is derived keeps every relation that is checked', () => {
  let resolved = 0;
  fc.assert(
    fc.property(facts, (f) => {
      const found = resolve(f);
      if (found === undefined) return;
      resolved++;
      const { worker: w, topology } = found;
      const { q } = topology.queues;
      expect(w.ackWait.isLongerThan(w.workTime.p99)).toBe(true);
      expect(w.prefetch).toBeGreaterThanOrEqual(w.concurrency);
      expect(w.concurrency).toBeLessThanOrEqual(f.atOnce);
      expect(w.maxAckPending).toBeGreaterThanOrEqual(w.concurrency * w.maxReplicas);
      expect(w.minReplicas).toBeLessThanOrEqual(w.maxReplicas);
      expect(w.lagThreshold).toBeGreaterThanOrEqual(w.concurrency);
      expect(w.coldStart.isLongerThan(w.cooldown)).toBe(false);
      expect(w.workTime.p99.isLongerThan(w.terminationGrace)).toBe(false);
      expect(w.terminationGrace.isLongerThan(w.drain)).toBe(true);
      expect(q.publishRetryHorizon.isLongerThan(q.duplicateWindow)).toBe(false);
      expect((w.maxReplicas * w.concurrency) / w.workTime.mean.inSeconds).toBeGreaterThanOrEqual(
        q.peakRate.perSecond * 0.999999,
      );
      expect(Object.isFrozen(w) && Object.isFrozen(topology.queues)).toBe(true);
    }),
    RUNS,
  );
  expect(resolved).toBeGreaterThan(RUNS.numRuns / 10);
});

test('more work never needs fewer replicas, and a longer tail never a shorter lease', () => {
  fc.assert(
    fc.property(facts, (f) => {
      const base = resolve(f);
      const busier = resolve({ ...f, perMinute: f.perMinute * 2 });
      const longer = resolve({ ...f, tail: f.tail + 1 });
      // More arrivals may allow more at once per replica, so it is the slots in all that cannot become fewer.
      const slots = (w: ResolvedWorker): number => w.maxReplicas * w.concurrency;
      if (base !== undefined && busier !== undefined)
        expect(slots(busier.worker)).toBeGreaterThanOrEqual(slots(base.worker));
      if (base !== undefined && longer !== undefined)
        expect(base.worker.ackWait.isLongerThan(longer.worker.ackWait)).toBe(false);
    }),
    RUNS,
  );
});

test('the fingerprint is of what was declared, not of the order it was written in', () => {
  const one = defineTopology({
    name: 'x',
    queues: { a: { arrivalRate: '1/s', doneWithin: '1 hour' }, b: { arrivalRate: '2/s', doneWithin: '1 hour' } },
    workers: {
      wa: { service, queue: 'a', workTime: { mean: '1 second', p99: '2 seconds' } },
      wb: { service, queue: 'b', workTime: { mean: '1 second', p99: '2 seconds' } },
    },
  });
  const two = defineTopology({
    workers: {
      wb: { workTime: { p99: '2 seconds', mean: '1 second' }, queue: 'b', service },
      wa: { workTime: { p99: '2 seconds', mean: '1 second' }, queue: 'a', service },
    },
    queues: { b: { doneWithin: '1 hour', arrivalRate: '2/s' }, a: { doneWithin: '1 hour', arrivalRate: '1/s' } },
    name: 'x',
  });
  const three = defineTopology({
    name: 'x',
    queues: { a: { arrivalRate: '1/s', doneWithin: '1 hour' }, b: { arrivalRate: '3/s', doneWithin: '1 hour' } },
    workers: {
      wa: { service, queue: 'a', workTime: { mean: '1 second', p99: '2 seconds' } },
      wb: { service, queue: 'b', workTime: { mean: '1 second', p99: '2 seconds' } },
    },
  });
  expect(two.fingerprint).toBe(one.fingerprint);
  expect(three.fingerprint).not.toBe(one.fingerprint);
});
