import { beforeEach, describe, expect, test } from '@jest/globals';
import type { NewJob } from '../../../../services/kit/src/jobs/job.ts';
import { MemoryStore } from './memory-store.ts';

const job = (id: string, overrides: Partial<NewJob> = {}): NewJob => ({
  id,
  queue: 'orders',
  task: 'ship',
  version: 1,
  idempotencyKey: id,
  keyExpiresAt: 1_000,
  payload: new TextEncoder().encode(id),
  headers: {},
  createdAt: 0,
  runAt: 0,
  deadlineAt: undefined,
  priority: 0,
  group: undefined,
  orderKey: undefined,
  limitKey: undefined,
  maxAttempts: 3,
  maxCrashes: 2,
  needs: [],
  ...overrides,
});

describe('an operator', () => {
  let store: MemoryStore;
  beforeEach(() => {
    store = new MemoryStore();
  });

  const add = (...jobs: readonly NewJob[]) => store.run('add', jobs);
  const fence = (id: string) => ({
    job: id,
    release: Number(store.database.prepare('SELECT release_no FROM jobs WHERE id = ?').get(id)?.['release_no']),
    token: 1,
  });
  /** Runs it as a dispatcher and a worker do. */
  const begin = async (id: string): Promise<string> => {
    store.database
      .prepare(
        "UPDATE jobs SET state = 'released', release_no = release_no + 1, token = 0 WHERE id = ? AND state = 'ready'",
      )
      .run(id);
    return (await store.run('begin', { ...fence(id), worker: 'w', leaseUntil: 10, now: 5 })).kind;
  };
  const fail = async (id: string): Promise<void> => {
    expect(await begin(id)).toBe('run');
    await store.run('settle', fence(id), { state: 'failed', code: 'broken', reason: 'it broke' }, 6);
  };
  const succeed = async (id: string): Promise<void> => {
    expect(await begin(id)).toBe('run');
    await store.run('settle', fence(id), { state: 'succeeded', result: undefined }, 7);
  };
  const stateOf = (id: string): unknown =>
    store.database.prepare('SELECT state FROM jobs WHERE id = ?').get(id)?.['state'];

  test('inspects a job with its history, needs, those that need it and the steps it has done', async () => {
    await add(job('a'), job('b', { needs: [{ job: 'a', onFailure: 'run' }] }));
    await begin('a');
    await store.run('keepStep', fence('a'), 'reserve', new Uint8Array([1]));
    await store.run('settle', fence('a'), { state: 'failed', code: 'broken', reason: 'it broke' }, 6);
    expect(await store.run('inspect', 'a')).toMatchObject({
      job: { id: 'a', state: 'failed', attempt: 1, history: [{ code: 'broken', reason: 'it broke', at: 6 }] },
      needs: [],
      neededBy: [{ job: 'b', state: 'ready' }],
      steps: ['reserve'],
    });
    expect(await store.run('inspect', 'b')).toMatchObject({
      needs: [{ job: 'a', onFailure: 'run', state: 'failed' }],
      blockers: 0,
    });
    expect(await store.run('inspect', 'nobody')).toBeUndefined();
  });

  test.each(['newest', 'oldest'] as const)(
    'walks all jobs by pages, %s first, while others are added',
    async (order) => {
      await add(...Array.from({ length: 7 }, (_, n) => job(`job-${n}`)));
      const seen: string[] = [];
      let after: number | undefined;
      do {
        const page = await store.run('list', {
          queue: 'orders',
          order,
          limit: 3,
          ...(after === undefined ? {} : { after }),
        });
        seen.push(...page.jobs.map(({ id }) => id));
        after = page.next;
        if (order === 'newest') await add(job(`late-${seen.length}`));
      } while (after !== undefined);
      const all = Array.from({ length: 7 }, (_, n) => `job-${n}`);
      expect(seen).toEqual(order === 'newest' ? all.toReversed() : all);
    },
  );

  test('finds jobs by state, task and group, with what failed last', async () => {
    await add(job('a'), job('b', { task: 'charge' }), job('c', { group: 'g' }), job('d', { queue: 'other' }));
    await fail('b');
    const find = async (filter: object) => {
      const page = await store.run('list', { queue: 'orders', order: 'oldest', limit: 10, ...filter });
      return page.jobs.map(({ id, lastFailure }) => [id, lastFailure?.code]);
    };
    expect(await find({})).toEqual([
      ['a', undefined],
      ['b', 'broken'],
      ['c', undefined],
    ]);
    expect(await find({ state: 'failed' })).toEqual([['b', 'broken']]);
    expect(await find({ task: 'ship', state: 'ready' })).toEqual([
      ['a', undefined],
      ['c', undefined],
    ]);
    expect(await find({ group: 'g' })).toEqual([['c', undefined]]);
    expect(await find({ task: 'ship', state: 'failed' })).toEqual([]);
  });

  test('redrives a failed job: attempts anew, history and steps kept, no deadline', async () => {
    await add(job('a', { maxAttempts: 1, deadlineAt: 100 }));
    await begin('a');
    await store.run('keepStep', fence('a'), 'reserve', new Uint8Array([1]));
    await store.run('settle', fence('a'), { state: 'failed', code: 'broken', reason: 'it broke' }, 6);
    expect(await store.run('redrive', 'a', 200)).toBe('redriven');
    expect(await store.run('redrive', 'a', 200)).toBe('not-failed');
    expect(await store.run('inspect', 'a')).toMatchObject({
      job: { state: 'ready', attempt: 0, runAt: 200, deadlineAt: undefined, history: [{ code: 'broken' }] },
      steps: ['reserve'],
    });
    await succeed('a');
    expect(stateOf('a')).toBe('succeeded');
    expect(await store.run('redrive', 'a', 300)).toBe('not-failed');
    expect(await store.run('redrive', 'nobody', 300)).toBe('missing');
  });

  test('a settlement of before the redrive is not taken for one of after it', async () => {
    await add(job('a'));
    await fail('a');
    await store.run('redrive', 'a', 10);
    store.database.exec("UPDATE jobs SET state = 'released', release_no = release_no + 1, token = 0");
    expect(await store.run('settle', fence('a'), { state: 'succeeded', result: undefined }, 11)).toBe('lost');
  });

  test('redrives what is needed before what needs it, which then waits for it', async () => {
    await add(job('a'), job('b', { needs: [{ job: 'a', onFailure: 'fail' }] }));
    await fail('a');
    expect(stateOf('b')).toBe('failed');
    expect(await store.run('redrive', 'b', 10)).toBe('needs-failed');
    const all = await store.run('redriveAll', { queue: 'orders', limit: 10, now: 10 });
    expect(all).toMatchObject({ redriven: 2, next: undefined });
    expect([stateOf('a'), stateOf('b')]).toEqual(['ready', 'waiting']);
    await succeed('a');
    expect(stateOf('b')).toBe('ready');
  });

  test('what waits for a redriven job and another one waits for both', async () => {
    const needs = ['a', 'b'].map((needed) => ({ job: needed, onFailure: 'run' }) as const);
    await add(job('a'), job('b'), job('c', { needs }));
    await fail('a');
    await store.run('redrive', 'a', 10);
    await succeed('a');
    expect(stateOf('c')).toBe('waiting');
    await succeed('b');
    expect(stateOf('c')).toBe('ready');
  });

  test('no redriven job runs beside a later one of its order key, nor before an earlier one', async () => {
    await add(job('a', { orderKey: 'k' }), job('b', { orderKey: 'k' }));
    await fail('a');
    expect(await store.run('redrive', 'a', 10)).toBe('order-passed');
    await fail('b');
    expect(await store.run('redriveAll', { queue: 'orders', limit: 10, now: 10 })).toMatchObject({ redriven: 2 });
    expect([stateOf('a'), stateOf('b')]).toEqual(['ready', 'waiting']);
    await succeed('a');
    expect(stateOf('b')).toBe('ready');
  });

  test('redrives by bounded calls that go on where the last one ended', async () => {
    const ids = Array.from({ length: 5 }, (_, n) => `job-${n}`);
    await add(...ids.map((id) => job(id, { task: id === 'job-4' ? 'charge' : 'ship' })));
    for (const id of ids) await fail(id);
    const first = await store.run('redriveAll', { queue: 'orders', task: 'ship', limit: 3, now: 10 });
    expect(first).toMatchObject({ redriven: 3, next: expect.any(Number) });
    const second = await store.run('redriveAll', {
      queue: 'orders',
      task: 'ship',
      limit: 3,
      now: 10,
      after: first.next as number,
    });
    expect(second).toMatchObject({ redriven: 1, next: undefined });
    expect(stateOf('job-4')).toBe('failed');
  });

  test('counts by state, and says when a paused queue is drained', async () => {
    await add(job('a'), job('b'), job('c'));
    await fail('a');
    await begin('b');
    await store.run('pause', 'orders', 20);
    await store.run('pause', 'orders', 30);
    expect(await store.run('counts', 'orders', 40)).toEqual({
      queue: 'orders',
      states: { waiting: 0, ready: 1, released: 0, running: 1, succeeded: 0, failed: 1, cancelled: 0 },
      oldestReadyMs: 40,
      pausedAt: 20,
      isDrained: false,
      leader: undefined,
    });
    await store.run('settle', fence('b'), { state: 'succeeded', result: undefined }, 41);
    expect(await store.run('counts', 'orders', 42)).toMatchObject({ isDrained: true });
    await store.run('resume', 'orders');
    expect(await store.run('counts', 'orders', 43)).toMatchObject({ pausedAt: undefined, isDrained: false });
  });
});
