import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type Handler, KitError, startWorker, type Worker } from '@penstock/kit';
import type { WorkerLifetime } from '@penstock/model';
import { pino } from 'pino';
import { type FakeLease, FakeQueue, QUEUE_PROFILE } from './fake-queue.ts';

const log = pino({ level: 'silent' });
const workers: Worker[] = [];

afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(workers.splice(0).map((worker) => worker.drain()));
});

function start(handler: Handler, numbers: { concurrency?: number; drainMs?: number; lifetime?: WorkerLifetime } = {}) {
  const queue = new FakeQueue({ ...QUEUE_PROFILE, backoffMs: [1, 2_000] });
  const profile = { id: 'classify', concurrency: 2, prefetch: 4, drainMs: 0, ...numbers };
  const worker = startWorker({ profile, queue, handler, log });
  workers.push(worker);
  return { queue, worker };
}

/** Work that ends when the test says so. */
function gates() {
  const open = new Map<string, () => void>();
  const started: string[] = [];
  const handler: Handler = (job) => {
    started.push(job.id);
    return new Promise((resolve) => open.set(job.id, resolve));
  };
  return { handler, started, finish: (id: string) => open.get(id)?.() };
}

/** Everything that promises alone can bring about has happened. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a worker', () => {
  test('acks what its handler has done, and holds as many leases as the profile says', async () => {
    const { queue } = start(async () => {});
    const [lease] = queue.deliver('a') as [FakeLease];
    expect(await lease.settled).toBe('acked');
    expect(queue.prefetch).toBe(4);
  });

  test('never runs more handlers than its concurrency, and goes on in the order of arrival', async () => {
    const { handler, started, finish } = gates();
    const { queue } = start(handler);
    const leases = queue.deliver(['a', 'b', 'c', 'd']);
    await settle();
    expect(started).toEqual(['a', 'b']);
    finish('b');
    await leases[1]?.settled;
    await settle();
    expect(started).toEqual(['a', 'b', 'c']);
  });

  test('extends the leases that run and those that wait, three times an ack wait', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance', 'Date'] });
    const { handler } = gates();
    const { queue } = start(handler, { concurrency: 1 });
    const leases = queue.deliver(['running', 'waiting']);
    jest.advanceTimersByTime(queue.profile.ackWaitMs);
    expect(leases.map(({ extensions }) => extensions)).toEqual([3, 3]);
  });

  test('skips an item whose lease was lost while it waited', async () => {
    const { handler, started, finish } = gates();
    const { queue } = start(handler, { concurrency: 1 });
    const [a, b] = queue.deliver(['a', 'b', 'c']) as readonly FakeLease[] as [FakeLease, FakeLease];
    b.lose();
    finish('a');
    await a.settled;
    await settle();
    expect(started).toEqual(['a', 'c']);
  });

  test('lets a handler know that its lease is lost, and settles nothing', async () => {
    let reason: unknown;
    const { queue } = start(
      (_job, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            reject(new Error('gave up'));
          });
        }),
      { concurrency: 1 },
    );
    const [lost] = queue.deliver('a') as [FakeLease];
    lost.lose();
    await settle();
    expect(KitError.is(reason, 'lease-lost')).toBe(true);
    expect(lost.failures).toEqual([]);
  });

  test('tells the handler what is left of the promise made for the queue', async () => {
    const seen = Promise.withResolvers<number>();
    const { queue } = start(async (_job, { deadline }) => seen.resolve(deadline.at));
    const [lease] = queue.deliver('a') as [FakeLease];
    expect(await seen.promise).toBe(lease.publishedAt + queue.profile.doneWithinMs);
  });

  test.each([
    [5_000, { delayMs: 5_000 }],
    [0, {}],
    [undefined, {}],
  ])(
    'a failure that asks for a pause of %s ms gets the longer of it and the backoff',
    async (retryAfterMs, expected) => {
      const { queue } = start(async () => {
        throw new KitError('engine-failed', 'busy', retryAfterMs === undefined ? {} : { retryAfterMs });
      });
      const [lease] = queue.deliver('a') as [FakeLease];
      await lease.settled;
      expect(lease.failures).toEqual([{ reason: expect.stringContaining('busy'), retryable: true, ...expected }]);
    },
  );

  test('starts the next item while the last one is being settled, and drains only when that is done', async () => {
    const { handler, started, finish } = gates();
    const { queue, worker } = start(handler, { concurrency: 1 });
    const [a] = queue.deliver(['a', 'b']) as [FakeLease];
    const confirmed = Promise.withResolvers<void>();
    a.confirmation = confirmed.promise;
    finish('a');
    await settle();
    expect(started).toEqual(['a', 'b']);
    finish('b');
    let drained = false;
    const drain = worker.drain().then(() => {
      drained = true;
    });
    await settle();
    expect(drained).toBe(false);
    confirmed.resolve();
    await drain;
  });

  test('does not count an ack that was not confirmed as a failed attempt', async () => {
    const gate = gates();
    const { queue } = start(gate.handler);
    const [lease] = queue.deliver('a') as [FakeLease];
    lease.refusal = new KitError('bus-unreachable', 'gone');
    gate.finish('a');
    expect(await lease.settled).toBe('acked in vain');
    await settle();
    expect(lease.failures).toEqual([]);
  });
});

describe('a failed attempt', () => {
  test('is tried again when the error does not say that this is of no use', async () => {
    const { queue } = start(() => Promise.reject(new TypeError('no luck')));
    const [lease] = queue.deliver('a') as [FakeLease];
    await lease.settled;
    expect(lease.failures).toEqual([{ reason: 'TypeError: no luck', retryable: true }]);
  });

  test('is no failed attempt when whoever was called has too much to do: it runs again after the pause asked for', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance', 'Date'] });
    const runs: string[] = [];
    const { queue } = start(
      async (job) => {
        runs.push(job.id);
        if (runs.length <= 2) throw new KitError('engine-overloaded', 'busy', { retryAfterMs: 700 });
      },
      { concurrency: 1 },
    );
    const [a, b] = queue.deliver(['a', 'b']) as readonly FakeLease[] as [FakeLease, FakeLease];
    await settle();
    jest.advanceTimersByTime(699);
    await settle();
    expect(runs).toEqual(['a']);
    jest.advanceTimersByTime(1);
    await settle();
    expect(runs).toEqual(['a', 'a']);
    jest.advanceTimersByTime(700);
    await settle();
    expect([await a.settled, await b.settled, runs]).toEqual(['acked', 'acked', ['a', 'a', 'a', 'b']]);
    expect(a.failures).toEqual([]);
  });

  test('that was turned away is handed back at once when the worker drains, or left when its lease is lost', async () => {
    const { queue, worker } = start(
      async () => {
        throw new KitError('queue-full', 'full', { retryAfterMs: 1_000_000 });
      },
      { drainMs: 1_000_000 },
    );
    const [a, b] = queue.deliver(['a', 'b']) as readonly FakeLease[] as [FakeLease, FakeLease];
    await settle();
    b.lose();
    await settle();
    await worker.drain();
    const left = settle().then(() => 'left');
    expect([await a.settled, await Promise.race([b.settled, left])]).toEqual(['released', 'left']);
  });

  test('goes to the dead letters at once when the error is not retryable', async () => {
    const { queue } = start(() => Promise.reject(new KitError('request-refused', 'no')));
    const [lease] = queue.deliver('a') as [FakeLease];
    await lease.settled;
    expect(lease.failures).toEqual([{ reason: 'KitError: no [request-refused]', retryable: false }]);
  });

  test('settles nothing when a later delivery has begun', async () => {
    const { queue } = start(() => Promise.reject(new KitError('effect-fenced', 'late')));
    const [lease] = queue.deliver('a') as [FakeLease];
    await settle();
    expect(lease.failures).toEqual([]);
  });

  test('does not end the loop, whether the handler throws or the settlement does', async () => {
    let calls = 0;
    const { queue } = start(
      () => {
        calls++;
        throw undefined;
      },
      { concurrency: 1 },
    );
    const [a] = queue.deliver('a') as [FakeLease];
    a.refusal = new KitError('lease-lost', 'gone');
    const [b] = queue.deliver('b') as [FakeLease];
    expect(await b.settled).toBe('failed');
    expect(calls).toBe(2);
  });
});

describe('a drain', () => {
  test('lets what runs end, hands back what waits and what arrives meanwhile, and starts nothing', async () => {
    const { handler, started, finish } = gates();
    const { queue, worker } = start(handler, { concurrency: 1, drainMs: 600_000 });
    const [running, waiting] = queue.deliver(['running', 'waiting']) as readonly FakeLease[] as [FakeLease, FakeLease];
    let late: readonly FakeLease[] = [];
    queue.onStop = async () => {
      late = queue.deliver('late');
      finish('running');
      await running.settled;
      await settle();
    };
    await worker.drain();
    expect(await running.settled).toBe('acked');
    expect(await waiting.settled).toBe('released');
    expect(await late[0]?.settled).toBe('released');
    expect(started).toEqual(['running']);
  });

  test('hands back work that does not end in time, however the handler words its end', async () => {
    const { queue, worker } = start(
      (job, { signal }) =>
        new Promise((_, reject) => {
          if (job.id === 'obeys') signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    );
    const leases = queue.deliver(['obeys', 'ignores']);
    await settle();
    await worker.drain();
    expect(await Promise.all(leases.map(({ settled }) => settled))).toEqual(['released', 'released']);
    expect(leases.flatMap(({ failures }) => failures)).toEqual([]);
  });

  test('ends when the bus refuses to take an item back', async () => {
    const { handler } = gates();
    const { queue, worker } = start(handler, { concurrency: 1 });
    const leases = queue.deliver(['running', 'waiting']);
    for (const lease of leases) lease.refusal = new TypeError('unexpected');
    await worker.drain();
    expect(await leases[1]?.settled).toBe('released in vain');
  });
});

describe('a worker that lives until its queue is empty', () => {
  /** Lets the clock and everything that hangs on it run for so long. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      jest.advanceTimersByTime(100);
      await settle();
    }
  }

  function observed(lifetime: WorkerLifetime, handler: Handler = async () => {}) {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const { queue, worker } = start(handler, { lifetime });
    const seen = { finished: false };
    void worker.finished.then(() => {
      seen.finished = true;
    });
    return { queue, seen };
  }

  const nothing = { ready: 0, delayed: 0, leased: 0, deadLettered: 3 };

  test('is done when there is nothing to take and nothing is held; dead letters are no work', async () => {
    const { queue, seen } = observed('until-empty');
    queue.open = { ...nothing, ready: 1 };
    await pass(5_000);
    expect(seen.finished).toBe(false);
    queue.open = nothing;
    await pass(1_000);
    expect(seen.finished).toBe(true);
  });

  test('is not done while it works, however long that takes', async () => {
    const { handler, finish } = gates();
    const { queue, seen } = observed('until-empty', handler);
    queue.open = nothing;
    const [lease] = queue.deliver('long') as [FakeLease];
    await pass(60_000);
    expect(seen.finished).toBe(false);
    finish('long');
    await lease.settled;
    await pass(1_000);
    expect(seen.finished).toBe(true);
  });

  test('stays for the longest backoff when an item is out that may come back, and no longer', async () => {
    const { queue, seen } = observed('until-empty');
    queue.open = { ...nothing, leased: 1 };
    await pass(1_500);
    expect(seen.finished).toBe(false);
    await pass(1_000);
    expect(seen.finished).toBe(true);
  });

  test('does not take a bus that is away for an empty one', async () => {
    const { queue, seen } = observed('until-empty');
    queue.unreachable = true;
    await pass(10_000);
    expect(seen.finished).toBe(false);
  });

  test('is another than one that waits for ever', async () => {
    const { queue, seen } = observed('endless');
    queue.open = nothing;
    await pass(10_000);
    expect(seen.finished).toBe(false);
  });
});
