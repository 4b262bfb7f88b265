import { beforeEach, describe, expect, test } from '@jest/globals';
import type { NewJob } from '../../../../services/kit/src/jobs/job.ts';
import { MemoryStore } from './memory-store.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a job', () => {
  let store: MemoryStore;
  beforeEach(() => {
    store = new MemoryStore();
  });

  const job = (id: string, overrides: Partial<NewJob> = {}): NewJob => ({
    id,
    queue: 'orders',
    task: 'ship',
    version: 1,
    idempotencyKey: id,
    keyExpiresAt: 1_000,
    payload: encode(id),
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
  /** As a dispatcher does before it publishes. */
  const release = (id: string): void => {
    store.database
      .prepare(
        "UPDATE jobs SET state = 'released', release_no = release_no + 1, token = 0 WHERE id = ? AND state = 'ready'",
      )
      .run(id);
  };
  const stateOf = (id: string): unknown =>
    store.database.prepare('SELECT state FROM jobs WHERE id = ?').get(id)?.['state'];
  const begin = (id: string, token: number, releaseNo = 1, now = 0) =>
    store.run('begin', { job: id, release: releaseNo, token, worker: 'w', leaseUntil: now + 10, now });

  test('with a key that is known is the job there was', async () => {
    const [first] = await store.run('add', [job('a', { idempotencyKey: 'k' })]);
    const [second] = await store.run('add', [job('b', { idempotencyKey: 'k' })]);
    expect([first, second]).toEqual([
      { id: 'a', duplicate: false },
      { id: 'a', duplicate: true },
    ]);
  });

  test('with a key whose window is over is a new one', async () => {
    await store.run('add', [job('a', { idempotencyKey: 'k', keyExpiresAt: 10 })]);
    const [later] = await store.run('add', [job('b', { idempotencyKey: 'k', createdAt: 10 })]);
    expect(later).toEqual({ id: 'b', duplicate: false });
  });

  test('runs once however often its reference is delivered', async () => {
    await store.run('add', [job('a')]);
    release('a');
    expect((await begin('a', 1)).kind).toBe('run');
    expect(
      await store.run('settle', { job: 'a', release: 1, token: 1 }, { state: 'succeeded', result: undefined }, 1),
    ).toBe('settled');
    expect(await begin('a', 2)).toEqual({ kind: 'drop', why: 'over' });
  });

  test('that a later delivery has begun cannot be settled by the earlier one', async () => {
    await store.run('add', [job('a')]);
    release('a');
    await begin('a', 1);
    expect(await begin('a', 2)).toMatchObject({ kind: 'run', job: { attempt: 2 } });
    const late = await store.run(
      'settle',
      { job: 'a', release: 1, token: 1 },
      { state: 'succeeded', result: undefined },
      1,
    );
    expect(late).toBe('lost');
    expect(stateOf('a')).toBe('running');
  });

  test('whose worker vanishes again and again is taken for the cause', async () => {
    await store.run('add', [job('a', { maxAttempts: 10 })]);
    release('a');
    for (const token of [1, 2, 3]) expect((await begin('a', token)).kind).toBe('run');
    expect(await begin('a', 4)).toEqual({ kind: 'drop', why: 'poisonous' });
    expect(stateOf('a')).toBe('failed');
  });

  test('that is cancelled before it begins never begins', async () => {
    await store.run('add', [job('a')]);
    release('a');
    expect(await store.run('cancel', 'a', 'no longer wanted', 1)).toBe('cancelled');
    expect(await begin('a', 1)).toEqual({ kind: 'drop', why: 'over' });
  });

  test('that is cancelled while it runs hears of it and ends cancelled, not retried', async () => {
    await store.run('add', [job('a')]);
    release('a');
    await begin('a', 1);
    const fence = { job: 'a', release: 1, token: 1 };
    expect(await store.run('heartbeat', [fence])).toEqual(['held']);
    expect(await store.run('cancel', 'a', 'no longer wanted', 1)).toBe('cancelling');
    expect(await store.run('heartbeat', [fence])).toEqual(['cancelling']);
    await store.run('settle', fence, { state: 'ready', runAt: 5, counted: true, failure: undefined }, 2);
    expect(stateOf('a')).toBe('cancelled');
  });

  test('waits for the one before it with the same order key', async () => {
    await store.run('add', [job('a', { orderKey: 'o' }), job('b', { orderKey: 'o' }), job('c', { orderKey: 'o' })]);
    expect(['a', 'b', 'c'].map(stateOf)).toEqual(['ready', 'waiting', 'waiting']);
    release('a');
    await begin('a', 1);
    await store.run('settle', { job: 'a', release: 1, token: 1 }, { state: 'succeeded', result: undefined }, 1);
    expect(['a', 'b', 'c'].map(stateOf)).toEqual(['succeeded', 'ready', 'waiting']);
    await store.run('cancel', 'b', '', 1);
    expect(stateOf('c')).toBe('ready');
  });

  test('with an order key still waits for what it needs when one behind it ends', async () => {
    await store.run('add', [
      job('a'),
      job('b', { orderKey: 'o', needs: [{ job: 'a', onFailure: 'fail' }] }),
      job('c', { orderKey: 'o' }),
    ]);
    await store.run('cancel', 'c', '', 1);
    expect(stateOf('b')).toBe('waiting');
  });

  test('is handed what the jobs it needs came to', async () => {
    await store.run('add', [
      job('a'),
      job('b'),
      job('parent', {
        needs: [
          { job: 'a', onFailure: 'fail' },
          { job: 'b', onFailure: 'run' },
        ],
      }),
    ]);
    release('a');
    await begin('a', 1);
    await store.run('settle', { job: 'a', release: 1, token: 1 }, { state: 'succeeded', result: encode('4') }, 1);
    expect(stateOf('parent')).toBe('waiting');
    await store.run('cancel', 'b', '', 1);
    release('parent');
    const begun = await begin('parent', 1);
    expect(begun.kind === 'run' && [...begun.needs]).toMatchObject([
      ['a', { state: 'succeeded', result: encode('4') }],
      ['b', { state: 'cancelled', result: undefined }],
    ]);
  });

  test('fails with a job that it needs, and so do those that need it', async () => {
    await store.run('add', [
      job('a'),
      job('b', { needs: [{ job: 'a', onFailure: 'fail' }] }),
      job('c', { needs: [{ job: 'b', onFailure: 'fail' }] }),
    ]);
    await store.run('cancel', 'a', '', 1);
    expect(['b', 'c'].map(stateOf)).toEqual(['failed', 'failed']);
  });

  test('rejects a need that nobody knows, and adds none of the call', async () => {
    const jobs = [job('a'), job('b', { needs: [{ job: 'nobody', onFailure: 'fail' }] })];
    await expect(store.run('add', jobs)).rejects.toThrow(/job-missing/);
    expect(stateOf('a')).toBeUndefined();
  });

  test('has its effect in the transaction that ends it, or not at all', async () => {
    store.database.exec('CREATE TABLE shipped (job TEXT PRIMARY KEY)');
    await store.run('add', [job('a')]);
    release('a');
    await begin('a', 1);
    const effect = {
      statements: [{ sql: 'INSERT INTO shipped (job) VALUES ($1)', params: ['a'] }],
      jobs: [job('next')],
    };
    const fence = { job: 'a', release: 1, token: 1 };
    await store.run('settle', fence, { state: 'succeeded', result: undefined }, 1, effect);
    expect(await store.run('settle', fence, { state: 'succeeded', result: undefined }, 1, effect)).toBe('settled');
    expect(store.database.prepare('SELECT count(*) AS n FROM shipped').get()).toEqual({ n: 1 });
    expect(stateOf('next')).toBe('ready');
  });
});
