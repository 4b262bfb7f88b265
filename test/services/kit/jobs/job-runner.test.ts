import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  defineTask,
  handle,
  handleBatches,
  type JobContext,
  JobQueue,
  JobRunner,
  type KeyRing,
  type NewJob,
  type Task,
  type TaskHandler,
} from '@penstock/kit/jobs';
import { Bytes } from '@penstock/model';
import { pino } from 'pino';
import { z } from 'zod';
import { DrainOver } from '../../../../services/kit/src/attempt.ts';
import { MemoryStore } from './memory-store.ts';

const log = pino({ level: 'silent' });
const LEASE_MS = 30_000;

const ship = defineTask({
  name: 'ship',
  payload: z.object({ order: z.string() }),
  result: z.object({ parcel: z.string() }),
  retry: {
    maxAttempts: 3,
    backoff: { kind: 'fixed', every: '10 seconds', jitter: 'none' },
    retryable: { 'address-unknown': false },
  },
});

describe('a runner of jobs', () => {
  let store: MemoryStore;
  let jobs: JobQueue;
  let now: number;
  const runners: JobRunner[] = [];
  beforeEach(() => {
    store = new MemoryStore();
    now = 1_000_000;
    jobs = new JobQueue({ queue: 'orders', store, now: () => now });
  });
  afterEach(async () => {
    jest.useRealTimers();
    await Promise.all(runners.splice(0).map((runner) => runner.close()));
  });

  const runnerOf = (handlers: readonly TaskHandler[], keys?: KeyRing): JobRunner => {
    const runner = new JobRunner({
      store,
      handlers,
      worker: 'here',
      leaseMs: LEASE_MS,
      log,
      now: () => now,
      random: () => 0.5,
      ...(keys === undefined ? {} : { keys }),
    });
    runners.push(runner);
    return runner;
  };
  /** As dispatcher and bus do: the release goes out, one delivery comes in. */
  const deliver = (runner: JobRunner, id: string, token = 1, abort = new AbortController()): Promise<void> => {
    store.database
      .prepare(
        `UPDATE jobs SET state = 'released', release_no = release_no + 1, token = 0 WHERE id = ? AND state = 'ready'`,
      )
      .run(id);
    const row = store.database.prepare('SELECT release_no FROM jobs WHERE id = ?').get(id);
    const item = {
      id,
      idempotencyKey: id,
      payload: Buffer.from(JSON.stringify({ job: id, release: row?.['release_no'] ?? 1 })),
      headers: {},
      attempt: 1,
      token,
      publishedAt: now,
    };
    return runner.handler(item, { signal: abort.signal, deadline: undefined as never, log });
  };
  const rowOf = (id: string) => store.database.prepare('SELECT * FROM jobs WHERE id = ?').get(id) ?? {};
  const added = async <P>(
    task: Task<string, P, unknown>,
    payload: P,
    overrides: Partial<NewJob> = {},
  ): Promise<string> => {
    const [receipt] = await jobs.addAll([{ ...jobs.draft(task, payload, { idempotencyKey: 'k' }), ...overrides }]);
    return receipt?.id as string;
  };

  test('hands the payload to the task of its name and keeps what it returns', async () => {
    const id = await added(ship, { order: '7' });
    await deliver(runnerOf([handle(ship, async ({ payload }) => ({ parcel: `p${payload.order}` }))]), id);
    expect(rowOf(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    const next = jobs.draft(ship, { order: '8' }, { idempotencyKey: 'k2', needs: [{ job: id }] });
    await jobs.addAll([next]);
    let needs: JobContext['needs'] = [];
    await deliver(
      runnerOf([
        handle(ship, async (_, context) => {
          needs = context.needs;
          return { parcel: '' };
        }),
      ]),
      next.id,
    );
    expect(needs).toEqual([{ id, task: 'ship', state: 'succeeded', result: { parcel: 'p7' } }]);
  });

  test('tries again after the backoff, and fails for good after the last attempt with every reason kept', async () => {
    const id = await added(ship, { order: '7' });
    const runner = runnerOf([
      handle(ship, async () => {
        throw new Error('no truck');
      }),
    ]);
    await deliver(runner, id);
    expect(rowOf(id)).toMatchObject({ state: 'ready', run_at: now + 10_000 });
    await deliver(runner, id);
    await deliver(runner, id);
    expect(rowOf(id)).toMatchObject({ state: 'failed', attempt: 3 });
    expect(JSON.parse(rowOf(id)['history'] as string)).toMatchObject([
      { attempt: 1, reason: 'Error: no truck' },
      { attempt: 2 },
      { attempt: 3 },
    ]);
  });

  test('does not try again what the policy says cannot help', async () => {
    const id = await added(ship, { order: '7' });
    const unknown = Object.assign(new Error('nowhere'), { code: 'address-unknown' });
    await deliver(
      runnerOf([
        handle(ship, async () => {
          throw unknown;
        }),
      ]),
      id,
    );
    expect(rowOf(id)).toMatchObject({ state: 'failed', attempt: 1 });
  });

  test('tells a running handler of a cancel within a second, and ends the job cancelled', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const id = await added(ship, { order: '7' });
    const heard = Promise.withResolvers<unknown>();
    const runner = runnerOf([
      handle(ship, (_, { signal }) => {
        signal.addEventListener('abort', () => heard.resolve(signal.reason));
        return new Promise(() => {});
      }),
    ]);
    const done = deliver(runner, id);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await jobs.cancel(id)).toBe('cancelling');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await heard.promise).toMatchObject({ name: 'JobCancelled' });
    await done;
    expect(rowOf(id)['state']).toBe('cancelled');
  });

  test('ends an attempt at its deadline', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const id = await added(ship, { order: '7' }, { deadlineAt: now + 5_000 });
    const done = deliver(runnerOf([handle(ship, () => new Promise(() => {}))]), id);
    await new Promise((resolve) => setImmediate(resolve));
    await jest.advanceTimersByTimeAsync(5_000);
    await done;
    expect(rowOf(id)).toMatchObject({ state: 'failed', history: expect.stringContaining('deadline-exceeded') });
  });

  test('keeps the lease of what runs', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const id = await added(ship, { order: '7' });
    const finish = Promise.withResolvers<{ parcel: string }>();
    const done = deliver(runnerOf([handle(ship, () => finish.promise)]), id);
    await new Promise((resolve) => setImmediate(resolve));
    now += LEASE_MS / 2;
    await jest.advanceTimersByTimeAsync(500);
    expect(rowOf(id)['lease_until']).toBe(now + LEASE_MS);
    finish.resolve({ parcel: '' });
    await done;
  });

  test('writes nothing for an attempt that a later delivery has overtaken', async () => {
    const id = await added(ship, { order: '7' });
    const finish = Promise.withResolvers<{ parcel: string }>();
    const first = deliver(runnerOf([handle(ship, () => finish.promise)]), id, 1);
    await new Promise((resolve) => setImmediate(resolve));
    await deliver(runnerOf([handle(ship, async () => ({ parcel: 'second' }))]), id, 2);
    finish.resolve({ parcel: 'first' });
    await expect(first).rejects.toThrow(/lease-lost/);
    expect(Buffer.from(rowOf(id)['result'] as Uint8Array).toString()).toContain('second');
  });

  test('hands back what a drain cut off, without counting the attempt', async () => {
    const id = await added(ship, { order: '7' });
    const abort = new AbortController();
    const done = deliver(runnerOf([handle(ship, () => new Promise(() => {}))]), id, 1, abort);
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new DrainOver());
    await done;
    expect(rowOf(id)).toMatchObject({ state: 'ready', attempt: 0, history: null });
  });

  test('snoozes without counting the attempt', async () => {
    const id = await added(ship, { order: '7' });
    await deliver(runnerOf([handle(ship, async (_, { snooze }) => snooze('1 hour'))]), id);
    expect(rowOf(id)).toMatchObject({ state: 'ready', attempt: 0, run_at: now + 3_600_000 });
  });

  test('does a step once over all attempts, with its effect in the same transaction', async () => {
    store.database.exec('CREATE TABLE charged (job TEXT PRIMARY KEY)');
    const id = await added(ship, { order: '7' });
    const runs: string[] = [];
    const runner = runnerOf([
      handle(ship, async (job, context) => {
        const charge = await context.step('charge', async ({ effect }) => {
          runs.push('charge');
          effect({ statements: [{ sql: 'INSERT INTO charged (job) VALUES ($1)', params: [job.id] }] });
          return 42;
        });
        if (job.attempt === 1) throw new Error('the truck broke down');
        return { parcel: String(charge) };
      }),
    ]);
    await deliver(runner, id);
    await deliver(runner, id);
    expect(runs).toEqual(['charge']);
    expect(rowOf(id)['state']).toBe('succeeded');
    expect(store.database.prepare('SELECT count(*) AS n FROM charged').get()).toEqual({ n: 1 });
  });

  test('adds what follows with the result, and not without it', async () => {
    const id = await added(ship, { order: '7' });
    const runner = runnerOf([
      handle(ship, async (job, context) => {
        context.follow(jobs.draft(ship, { order: 'next' }, { idempotencyKey: 'next' }));
        if (job.attempt === 1) throw new Error('not yet');
        return { parcel: '' };
      }),
    ]);
    await deliver(runner, id);
    expect(store.database.prepare('SELECT count(*) AS n FROM jobs').get()).toEqual({ n: 1 });
    await deliver(runner, id);
    expect(store.database.prepare('SELECT count(*) AS n FROM jobs').get()).toEqual({ n: 2 });
  });

  test('brings an old payload to the version it knows, step by step', async () => {
    const old = defineTask({ name: 'ship', payload: z.string() });
    const id = await added(old, 'o-7');
    const current = defineTask({
      name: 'ship',
      version: 3,
      payload: z.object({ order: z.string(), express: z.boolean() }),
      upgrades: { 1: (order) => ({ order }), 2: (payload) => ({ ...(payload as object), express: false }) },
    });
    const seen: unknown[] = [];
    await deliver(runnerOf([handle(current, async ({ payload }) => void seen.push(payload))]), id);
    expect(seen).toEqual([{ order: 'o-7', express: false }]);
  });

  test('leaves a payload of a newer version to a newer worker', async () => {
    const id = await added(defineTask({ name: 'ship', version: 2, payload: z.string() }), 'o-7');
    await deliver(runnerOf([handle(defineTask({ name: 'ship', payload: z.string() }), async () => {})]), id);
    expect(rowOf(id)).toMatchObject({ state: 'ready', attempt: 0, run_at: now + 30_000 });
  });

  test('reads payloads that were encrypted, and stores none in plain', async () => {
    const keys: KeyRing = { current: 'b', keys: { a: Buffer.alloc(32, 1), b: Buffer.alloc(32, 2) } };
    const secret = new JobQueue({ queue: 'orders', store, keys, now: () => now });
    const { id } = await secret.add(ship, { order: 'confidential' }, { idempotencyKey: 's' });
    expect(Buffer.from(rowOf(id)['payload'] as Uint8Array).includes('confidential')).toBe(false);
    const seen: string[] = [];
    const handler = handle(ship, async ({ payload }) => {
      seen.push(payload.order);
      return { parcel: 'also confidential' };
    });
    await deliver(runnerOf([handler], { ...keys, current: 'a' }), id);
    expect(seen).toEqual(['confidential']);
    expect(Buffer.from(rowOf(id)['result'] as Uint8Array).includes('confidential')).toBe(false);
  });

  test('fails a job whose stored payload is another one’s', async () => {
    const keys: KeyRing = { current: 'a', keys: { a: Buffer.alloc(32, 1) } };
    const secret = new JobQueue({ queue: 'orders', store, keys, now: () => now });
    const { id } = await secret.add(ship, { order: 'mine' }, { idempotencyKey: 's' });
    const { id: other } = await secret.add(ship, { order: 'theirs' }, { idempotencyKey: 't' });
    store.database
      .prepare('UPDATE jobs SET payload = (SELECT payload FROM jobs WHERE id = ?) WHERE id = ?')
      .run(other, id);
    await deliver(runnerOf([handle(ship, async () => ({ parcel: '' }))], keys), id);
    expect(rowOf(id)).toMatchObject({ state: 'failed', history: expect.stringContaining('job-malformed') });
  });

  test('does jobs of a task in batches, each with an outcome of its own', async () => {
    const ids = await Promise.all(['1', '2', '3'].map((order) => jobs.add(ship, { order }, { idempotencyKey: order })));
    const batches: string[][] = [];
    const runner = runnerOf([
      handleBatches(ship, { size: 3, within: '1 minute' }, async (batch) => {
        batches.push(batch.map(({ job }) => job.payload.order));
        return batch.map(({ job }) =>
          job.payload.order === '2' ? new Error('broken') : { parcel: job.payload.order },
        );
      }),
    ]);
    await Promise.all(ids.map(({ id }) => deliver(runner, id)));
    expect(batches).toEqual([['1', '2', '3']]);
    expect(ids.map(({ id }) => rowOf(id)['state'])).toEqual(['succeeded', 'ready', 'succeeded']);
  });

  test('sends a batch before it holds more bytes than it may, and what is larger by itself alone', async () => {
    const orders = ['1', '2', 'x'.repeat(100), '4'];
    const ids = await Promise.all(orders.map((order) => jobs.add(ship, { order }, { idempotencyKey: order })));
    const batches: string[][] = [];
    // One of a single digit is 13 bytes of JSON and one that says how it lies.
    const options = { size: 10, within: '10 milliseconds', bytes: Bytes.of(28) } as const;
    const runner = runnerOf([
      handleBatches(ship, options, async (batch) => {
        batches.push(batch.map(({ job }) => job.payload.order));
        return batch.map(() => ({ parcel: '' }));
      }),
    ]);
    await Promise.all(ids.map(({ id }) => deliver(runner, id)));
    expect(batches).toEqual([['1', '2'], [orders[2]], ['4']]);
  });

  test('sends a batch that does not fill after its time', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const id = await added(ship, { order: '7' });
    const done = deliver(
      runnerOf([
        handleBatches(ship, { size: 10, within: '2 seconds' }, async (batch) => batch.map(() => ({ parcel: '' }))),
      ]),
      id,
    );
    await new Promise((resolve) => setImmediate(resolve));
    await jest.advanceTimersByTimeAsync(2_000);
    await done;
    expect(rowOf(id)['state']).toBe('succeeded');
  });

  test('settles again when the store did not answer, and ends well when it was settled the first time', async () => {
    const id = await added(ship, { order: '7' });
    const run = store.run.bind(store) as (name: string, ...args: readonly unknown[]) => Promise<unknown>;
    let answers = 0;
    jest.spyOn(store, 'run').mockImplementation(async (name, ...args) => {
      const result = await run(name, ...args);
      if (name === 'settle' && answers++ === 0) {
        const { KitError } = await import('@penstock/kit');
        throw new KitError('store-unreachable', 'the answer was lost');
      }
      return result as never;
    });
    await deliver(runnerOf([handle(ship, async () => ({ parcel: '' }))]), id);
    expect(answers).toBe(2);
    expect(rowOf(id)['state']).toBe('succeeded');
  });

  test('fails an attempt whose effect the database refuses', async () => {
    store.database.exec('CREATE TABLE seats (n INTEGER CHECK (n >= 0))');
    const id = await added(ship, { order: '7' });
    const runner = runnerOf([
      handle(ship, async (_, { effect }) => {
        effect({ statements: [{ sql: 'INSERT INTO seats VALUES ($1)', params: [-1] }] });
        return { parcel: '' };
      }),
    ]);
    await deliver(runner, id);
    expect(rowOf(id)).toMatchObject({ state: 'ready', run_at: now + 10_000 });
  });

  test('opens the breaker of what it calls after failures in a row, not after refusals', async () => {
    const pay = defineTask({ ...ship, name: 'pay', downstream: 'bank', retry: { ...ship.retry, maxAttempts: 20 } });
    let error: Error = Object.assign(new Error('nowhere'), { code: 'address-unknown' });
    const runner = runnerOf([
      handle(pay, async () => {
        throw error;
      }),
    ]);
    const stateOf = () => store.database.prepare("SELECT state FROM job_breakers WHERE downstream = 'bank'").get();
    for (let n = 0; n < 6; n++)
      await deliver(runner, (await jobs.add(pay, { order: '1' }, { idempotencyKey: `r${n}` })).id);
    expect(stateOf()?.['state'] ?? 'closed').toBe('closed');
    error = new Error('no answer');
    for (let n = 0; n < 5; n++)
      await deliver(runner, (await jobs.add(pay, { order: '1' }, { idempotencyKey: `f${n}` })).id);
    expect(stateOf()).toEqual({ state: 'open' });
  });

  test('rejects an item that refers to no job', async () => {
    const item = {
      id: '1',
      idempotencyKey: '1',
      payload: Buffer.from('{}'),
      headers: {},
      attempt: 1,
      token: 1,
      publishedAt: 0,
    };
    const run = runnerOf([]).handler(item, { signal: new AbortController().signal, deadline: undefined as never, log });
    await expect(run).rejects.toThrow(/item-malformed/);
  });
});

describe('a queue of jobs', () => {
  const jobs = new JobQueue({ queue: 'orders', store: new MemoryStore() });

  test('rejects every fault of a job at once', () => {
    const draft = () =>
      jobs.draft(ship, { order: 7 } as never, { idempotencyKey: '', priority: 101, delay: '1 second', runAt: 5 });
    expect(draft).toThrow(/order.*idempotencyKey.*priority.*delay and runAt/s);
  });

  test('does not compile without an idempotency key', () => {
    // @ts-expect-error the key is required
    expect(() => jobs.draft(ship, { order: '7' }, {})).toThrow();
  });
});
