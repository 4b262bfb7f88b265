import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { JobStore } from '../../../../services/kit/src/jobs/job-store.ts';
import { releasePolicyOf } from '../../../../services/kit/src/jobs/release-policy.ts';
import { beginning, DONE, job, type StoreFixture } from './store-fixture.ts';

/** What a dispatcher, an operator and a producer ask of a store, through its own door: the same on whichever. */
export function featuresHold(start: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  let store: JobStore;
  let term: number;
  beforeEach(async () => {
    fixture = await start();
    store = await fixture.open();
    term = (await store.run('lead', 'orders', 'me', 0, 1_000)) as number;
  });
  afterEach(async () => fixture[Symbol.asyncDispose]());

  const release = async (now: number, policy = releasePolicyOf([]), window = 100) => {
    const leadership = { queue: 'orders', owner: 'me', term };
    const released = await store.run('release', { ...leadership, now, window, policy });
    return (released?.references ?? []).map((reference) => reference.job);
  };
  const end = async (id: string, number = 1): Promise<void> => {
    await store.run('begin', beginning(id, 1, number));
    await store.run('settle', { job: id, release: number, token: 1 }, DONE, 1);
  };

  test('a priority goes first, and each group has its share', async () => {
    const jobs = ['a1', 'a2', 'a3', 'b1'].map((id) => job(id, { group: id[0] as string }));
    await store.run('add', [...jobs, job('a0', { group: 'a', priority: 9 })]);
    expect(await release(1, releasePolicyOf([]), 3)).toEqual(expect.arrayContaining(['a0', 'b1']));
    expect(await release(1, releasePolicyOf([]), 5)).toHaveLength(2);
  });

  test('a limit of a key holds, and the next one goes when a place is free', async () => {
    const policy = releasePolicyOf([{ name: 'ship', limits: { concurrency: 1 } }]);
    await store.run(
      'add',
      ['a', 'b'].map((id) => job(id, { limitKey: 'customer' })),
    );
    expect(await release(1, policy)).toEqual(['a']);
    expect(await release(2, policy)).toEqual([]);
    await end('a');
    expect(await release(3, policy)).toEqual(['b']);
  });

  test('a breaker lets nothing through while it rests, and then one to see', async () => {
    const policy = releasePolicyOf([{ name: 'ship', downstream: 'carrier' }]);
    await store.run(
      'add',
      ['a', 'b'].map((id) => job(id)),
    );
    expect(await store.run('report', 'carrier', 'failed', 'x', 0, { failures: 1, restMs: 10 })).toBe('open');
    expect(await release(1, policy)).toEqual([]);
    expect(await release(10, policy)).toEqual(['a']);
    expect(await store.run('report', 'carrier', 'ok', 'a', 11, { failures: 1, restMs: 10 })).toBe('closed');
    expect(await release(12, policy)).toEqual(['b']);
  });

  test('rejects more than a queue takes, by number and by bytes, and says when to come back', async () => {
    await store.run('bound', 'orders', { jobs: 1 });
    await store.run('add', [job('a')]);
    await expect(store.run('add', [job('b')])).rejects.toMatchObject({ code: 'queue-full', retryAfterMs: 1_000 });
    await store.run('bound', 'orders', { bytes: 1 });
    await expect(store.run('add', [job('b')])).rejects.toMatchObject({ code: 'queue-full' });
    await release(1);
    await end('a');
    expect(await store.run('add', [job('b')])).toEqual([{ id: 'b', duplicate: false }]);
  });

  test('an attempt that snoozes is not counted, and its progress is kept', async () => {
    await store.run('add', [job('a')]);
    await release(1);
    await store.run('begin', beginning('a', 1));
    const progress = { at: 2, done: 0.5, note: 'half' };
    const fence = { job: 'a', release: 1, token: 1 };
    expect(await store.run('heartbeat', [{ ...fence, progress, leaseUntil: 99 }])).toEqual(['held']);
    await store.run('settle', fence, { state: 'ready', runAt: 50, counted: false, failure: undefined }, 3);
    expect((await store.run('inspect', 'a'))?.job).toMatchObject({ state: 'ready', attempt: 0, progress, runAt: 50 });
    expect(await release(49)).toEqual([]);
    expect(await release(50)).toEqual(['a']);
  });

  test('what failed is redriven with its history, and a paused queue releases none of it', async () => {
    await store.run('add', [job('a')]);
    await release(1);
    await store.run('begin', beginning('a', 1));
    const failed = { state: 'failed', code: 'broken', reason: 'it broke' } as const;
    await store.run('settle', { job: 'a', release: 1, token: 1 }, failed, 2);
    await store.run('pause', 'orders', 3);
    expect(await store.run('counts', 'orders', 3)).toMatchObject({ isDrained: true, states: { failed: 1 } });
    expect(await store.run('redrive', 'a', 4)).toBe('redriven');
    expect(await release(5)).toEqual([]);
    await store.run('resume', 'orders');
    expect(await release(6)).toEqual(['a']);
    expect((await store.run('inspect', 'a'))?.job.history).toMatchObject([{ code: 'broken', reason: 'it broke' }]);
  });

  test('a schedule adds the job of a time once, is found by its name, and is gone when it is removed', async () => {
    const row = { name: 'nightly', queue: 'orders', definition: '{}', nextAt: 10 };
    await store.run('putSchedule', row);
    expect(await store.run('scheduleNamed', 'nightly')).toEqual(row);
    const ticked = () => store.run('tick', row, [job('a', { idempotencyKey: 'nightly@10' })], 20);
    expect([await ticked(), await ticked()]).toEqual(['added', 'superseded']);
    expect(await store.run('listSchedules', 'orders')).toEqual([{ ...row, nextAt: 20 }]);
    expect([await store.run('removeSchedule', 'nightly'), await store.run('removeSchedule', 'nightly')]).toEqual([
      true,
      false,
    ]);
  });

  test('a reference that nobody began is released again, and a lead tells who had it', async () => {
    await store.run('add', [job('a')]);
    await release(1);
    expect(await store.run('leaderOf', 'orders')).toBe('me');
    const args = { queue: 'orders', owner: 'me', term, graceMs: 10 };
    expect(await store.run('reclaim', { ...args, now: 5, unbegunMs: 4 })).toMatchObject({ unbegun: 1 });
    expect(await release(6)).toEqual(['a']);
    await store.run('resign', { queue: 'orders', owner: 'me', term });
    expect(await store.run('leaderOf', 'orders')).toBeUndefined();
  });
}
