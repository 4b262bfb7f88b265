import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { JobStore } from '../../../../services/kit/src/jobs/job-store.ts';
import { beginning, DONE, job, releaseAll, type StoreFixture } from './store-fixture.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What scripts come to, on whichever store. */
export function jobsBehave(start: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  let store: JobStore;
  beforeEach(async () => {
    fixture = await start();
    store = await fixture.open();
  });
  afterEach(async () => fixture[Symbol.asyncDispose]());

  const release = (id: string) => releaseAll(fixture, id);
  const begin = (id: string, token: number) => store.run('begin', beginning(id, token));
  const statesOf = async (...ids: readonly string[]): Promise<readonly unknown[]> => {
    const states = new Map((await fixture.ask('SELECT id, state FROM jobs')).map((row) => [row['id'], row['state']]));
    return ids.map((id) => states.get(id));
  };

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

  test('that is one of many in a call stands in their order, whether keys of others were known, over or said twice', async () => {
    await store.run('add', [job('over', { idempotencyKey: 'k-20', keyExpiresAt: 10 })]);
    await store.run('add', [job('known', { idempotencyKey: 'k-30' })]);
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const many = names.map((id, index) =>
      job(id, {
        createdAt: 10,
        idempotencyKey: `k-${index === 40 ? 39 : index}`,
        ...(index === 50 ? { orderKey: 'o' } : {}),
        ...(index === 60 ? { needs: [{ job: 'n59', onFailure: 'fail' as const }] } : {}),
      }),
    );
    const receipts = names.map((id, index) => {
      if (index === 30) return { id: 'known', duplicate: true };
      return index === 40 ? { id: 'n39', duplicate: true } : { id, duplicate: false };
    });
    expect(await store.run('add', many)).toEqual(receipts);
    expect(await store.run('add', many)).toEqual(receipts);
    const found = await fixture.ask('SELECT id FROM jobs ORDER BY seq');
    expect(found.map(({ id }) => id)).toEqual(['over', 'known', ...names.filter((id) => id !== 'n30' && id !== 'n40')]);
  });

  test('runs once however often its reference is delivered', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    expect((await begin('a', 1)).kind).toBe('run');
    expect(
      await store.run('settle', { job: 'a', release: 1, token: 1 }, { state: 'succeeded', result: undefined }, 1),
    ).toBe('settled');
    expect(await begin('a', 2)).toEqual({ kind: 'drop', why: 'over' });
  });

  test('that a later delivery has begun cannot be settled by the earlier one', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    await begin('a', 1);
    expect(await begin('a', 2)).toMatchObject({ kind: 'run', job: { attempt: 2 } });
    const late = await store.run(
      'settle',
      { job: 'a', release: 1, token: 1 },
      { state: 'succeeded', result: undefined },
      1,
    );
    expect(late).toBe('lost');
    expect((await statesOf('a'))[0]).toBe('running');
  });

  test('whose worker vanishes again and again is taken for the cause', async () => {
    await store.run('add', [job('a', { maxAttempts: 10 })]);
    await release('a');
    for (const token of [1, 2, 3]) expect((await begin('a', token)).kind).toBe('run');
    expect(await begin('a', 4)).toEqual({ kind: 'drop', why: 'poisonous' });
    expect((await statesOf('a'))[0]).toBe('failed');
  });

  test('that is cancelled before it begins never begins', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    expect(await store.run('cancel', 'a', 'no longer wanted', 1)).toBe('cancelled');
    expect(await begin('a', 1)).toEqual({ kind: 'drop', why: 'over' });
  });

  test('that is cancelled while it runs hears of it and ends cancelled, not retried', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    await begin('a', 1);
    const fence = { job: 'a', release: 1, token: 1 };
    expect(await store.run('heartbeat', [fence])).toEqual(['held']);
    expect(await store.run('cancel', 'a', 'no longer wanted', 1)).toBe('cancelling');
    expect(await store.run('heartbeat', [fence])).toEqual(['cancelling']);
    await store.run('settle', fence, { state: 'ready', runAt: 5, counted: true, failure: undefined }, 2);
    expect((await statesOf('a'))[0]).toBe('cancelled');
  });

  test('waits for the one before it with the same order key', async () => {
    await store.run('add', [job('a', { orderKey: 'o' }), job('b', { orderKey: 'o' }), job('c', { orderKey: 'o' })]);
    expect(await statesOf('a', 'b', 'c')).toEqual(['ready', 'waiting', 'waiting']);
    await release('a');
    await begin('a', 1);
    await store.run('settle', { job: 'a', release: 1, token: 1 }, { state: 'succeeded', result: undefined }, 1);
    expect(await statesOf('a', 'b', 'c')).toEqual(['succeeded', 'ready', 'waiting']);
    await store.run('cancel', 'b', '', 1);
    expect((await statesOf('c'))[0]).toBe('ready');
  });

  test('with an order key still waits for what it needs when one behind it ends', async () => {
    await store.run('add', [
      job('a'),
      job('b', { orderKey: 'o', needs: [{ job: 'a', onFailure: 'fail' }] }),
      job('c', { orderKey: 'o' }),
    ]);
    await store.run('cancel', 'c', '', 1);
    expect((await statesOf('b'))[0]).toBe('waiting');
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
    await release('a');
    await begin('a', 1);
    await store.run('settle', { job: 'a', release: 1, token: 1 }, { state: 'succeeded', result: encode('4') }, 1);
    expect((await statesOf('parent'))[0]).toBe('waiting');
    await store.run('cancel', 'b', '', 1);
    await release('parent');
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
    expect(await statesOf('b', 'c')).toEqual(['failed', 'failed']);
  });

  test('rejects a need that nobody knows, and adds none of the call', async () => {
    const jobs = [job('a'), job('b', { needs: [{ job: 'nobody', onFailure: 'fail' }] })];
    await expect(store.run('add', jobs)).rejects.toThrow(/job-missing/);
    expect((await statesOf('a'))[0]).toBeUndefined();
  });

  test('has its effect in the transaction that ends it, or not at all', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    await begin('a', 1);
    const effect = {
      statements: [{ sql: 'INSERT INTO shipped (job, worker) VALUES ($1, $2)', params: ['a', 'w'] }],
      jobs: [job('next')],
    };
    const fence = { job: 'a', release: 1, token: 1 };
    await store.run('settle', fence, { state: 'succeeded', result: undefined }, 1, effect);
    expect(await store.run('settle', fence, { state: 'succeeded', result: undefined }, 1, effect)).toBe('settled');
    expect(await fixture.ask('SELECT job FROM shipped')).toEqual([{ job: 'a' }]);
    expect((await statesOf('next'))[0]).toBe('ready');
  });

  test('that is added again by the very same call is told the same and is there once', async () => {
    const jobs = [job('a'), job('b', { needs: [{ job: 'a', onFailure: 'fail' }] })];
    const told = await store.run('add', jobs);
    expect(await store.run('add', jobs)).toEqual(told);
    expect(await fixture.ask('SELECT id, blockers FROM jobs ORDER BY id')).toHaveLength(2);
  });

  test('that is begun again by the very same call is begun once', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    const first = await begin('a', 1);
    expect(await begin('a', 1)).toEqual(first);
    expect(first).toMatchObject({ kind: 'run', job: { attempt: 1, payload: encode('a') } });
  });

  test('is not begun by another worker with the token of one that has begun', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    await begin('a', 1);
    expect(await store.run('begin', { ...beginning('a', 1), worker: 'other' })).toEqual({
      kind: 'drop',
      why: 'superseded',
    });
  });

  test('has the effect of a step once, though it is kept twice', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    await begin('a', 1);
    const fence = { job: 'a', release: 1, token: 1 };
    const effect = { statements: [{ sql: 'INSERT INTO shipped (job, worker) VALUES ($1, $2)', params: ['a', 'w'] }] };
    for (const _ of [1, 2]) expect(await store.run('keepStep', fence, 'charge', encode('7'), effect)).toBe('settled');
    expect(await fixture.ask('SELECT job FROM shipped')).toEqual([{ job: 'a' }]);
    expect(await begin('a', 2)).toMatchObject({ kind: 'run', steps: new Map([['charge', encode('7')]]) });
  });

  test('that a later delivery ended is not taken for settled by the earlier one', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    await begin('a', 1);
    await begin('a', 2);
    expect(await store.run('settle', { job: 'a', release: 1, token: 2 }, DONE, 1)).toBe('settled');
    expect(await store.run('settle', { job: 'a', release: 1, token: 1 }, DONE, 1)).toBe('lost');
  });

  test('rejects an effect that fails, and leaves the attempt as it was', async () => {
    await store.run('add', [job('a')]);
    await release('a');
    await begin('a', 1);
    const fence = { job: 'a', release: 1, token: 1 };
    const statements = [
      { sql: 'INSERT INTO shipped (job, worker) VALUES ($1, $2)', params: ['a', 'w'] },
      { sql: 'INSERT INTO shipped (job, worker) VALUES ($1, $2)', params: ['a', null] },
    ];
    await expect(store.run('settle', fence, DONE, 1, { statements })).rejects.toMatchObject({ code: 'storage-failed' });
    expect(await fixture.ask('SELECT job FROM shipped')).toEqual([]);
    expect(await store.run('heartbeat', [fence])).toEqual(['held']);
  });

  test('says why it was refused once, though the refusal crosses threads', async () => {
    const refused = store.run('add', [job('a', { needs: [{ job: 'nobody', onFailure: 'fail' }] })]);
    await expect(refused).rejects.toThrow(/^job a needs nobody, which is not there \[job-missing\]; [^[]*$/);
  });

  test('is heard of by who waits for a change, in this holder of the store and in another', async () => {
    const other = await fixture.open();
    // The other one hears from its first look on.
    await other.changed(300);
    const heard = [store.changed(30_000), other.changed(30_000)];
    await store.run('add', [job('a')]);
    await Promise.all(heard);
  });

  test('lets go of who waits for a change when the wait is cut off, and when the store is closed', async () => {
    const cut = new AbortController();
    const waits = [store.changed(30_000, cut.signal), store.changed(30_000)];
    cut.abort();
    await waits[0];
    await store.close();
    await waits[1];
    await expect(store.run('heartbeat', [])).rejects.toMatchObject({ code: 'bus-closed' });
  });
}
