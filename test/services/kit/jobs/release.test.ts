import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ReleasePolicy } from '../../../../services/kit/src/jobs/release-policy.ts';
import { MemoryStore } from './memory-store.ts';
import { newJob } from './new-job.ts';

const MINUTE = 60_000;

describe('a release', () => {
  let store: MemoryStore;
  let term: number;
  beforeEach(() => {
    store = new MemoryStore();
    term = store.runNow('lead', 'q', 'me', 0, 1_000) ?? 0;
  });

  const policy = (overrides: Partial<ReleasePolicy> = {}): ReleasePolicy => ({
    tasks: {},
    weights: {},
    probeMs: 5_000,
    ...overrides,
  });
  const call = (now: number, window: number, overrides: Partial<ReleasePolicy> = {}) =>
    store.runNow('release', { queue: 'q', owner: 'me', term, now, window, policy: policy(overrides) });
  const release = (now: number, window: number, overrides: Partial<ReleasePolicy> = {}): readonly string[] =>
    call(now, window, overrides)?.references.map(({ job }) => job) ?? [];
  const succeed = (id: string, now = 0, releaseNo = 1): void => {
    store.runNow('begin', { job: id, release: releaseNo, token: 1, worker: 'w', leaseUntil: now + 10, now });
    const fence = { job: id, release: releaseNo, token: 1 };
    expect(store.runNow('settle', fence, { state: 'succeeded', result: undefined }, now)).toBe('settled');
  };

  test('never has more out than the window, whoever asks', () => {
    store.runNow('add', [newJob('a'), newJob('b'), newJob('c')]);
    expect(release(0, 2)).toHaveLength(2);
    expect(release(0, 2)).toEqual([]);
    succeed('a');
    expect(release(0, 2)).toEqual(['c']);
  });

  test('by a leader that was deposed does nothing', () => {
    store.runNow('add', [newJob('a')]);
    expect(store.runNow('lead', 'q', 'other', 999, 1_000)).toBeUndefined();
    expect(store.runNow('lead', 'q', 'other', 1_000, 1_000)).toBe(term + 1);
    expect(call(1_000, 1)).toBeUndefined();
    expect(store.runNow('lead', 'q', 'me', 1_500, 1_000)).toBeUndefined();
    store.runNow('resign', { queue: 'q', owner: 'other', term: term + 1 });
    term = store.runNow('lead', 'q', 'me', 1_500, 1_000) ?? 0;
    expect(term).toBe(3);
    expect(release(1_500, 1)).toEqual(['a']);
  });

  test('of a paused queue is empty until it is resumed', () => {
    store.runNow('add', [newJob('a')]);
    store.runNow('pause', 'q', 0);
    expect(release(0, 1)).toEqual([]);
    store.runNow('resume', 'q');
    expect(release(0, 1)).toEqual(['a']);
  });

  test('waits for the time of a job, and says when it comes', () => {
    store.runNow('add', [newJob('later', { runAt: 500, priority: 100 }), newJob('now')]);
    expect(call(0, 9)).toMatchObject({ references: [{ job: 'now', release: 1 }], nextAt: 500, more: false });
    expect(release(499, 9)).toEqual([]);
    expect(release(500, 9)).toEqual(['later']);
  });

  test('lets a priority go first, and nobody wait longer than it is worth', () => {
    store.runNow('add', [newJob('old', { createdAt: 0, runAt: 0 })]);
    // One urgent job a second, forever: the window takes one a second.
    let waited: number | undefined;
    for (let second = 0; waited === undefined && second < 20 * 60; second += 1) {
      const now = second * 1_000;
      store.runNow('add', [newJob(`urgent-${second}`, { createdAt: now, runAt: now, priority: 10 })]);
      for (const id of release(now, 1)) {
        if (id === 'old') waited = now;
        succeed(id, now);
      }
    }
    expect(waited).toBe(10 * MINUTE);
  });

  test('shares among groups by weight, and gives no credit for idle time', () => {
    const many = (group: string, count: number, start = 0) =>
      Array.from({ length: count }, (_, index) => newJob(`${group}${start + index}`, { group }));
    store.runNow('add', [...many('big', 60), ...many('small', 60)]);
    const weights = { big: 3 };
    const count = (ids: readonly string[], group: string): number => ids.filter((id) => id.startsWith(group)).length;
    const first = release(0, 40, { weights });
    expect([count(first, 'big'), count(first, 'small')]).toEqual([30, 10]);
    // A third group comes late: it gets its share from now on, and no more.
    store.runNow('add', many('late', 60));
    const second = release(0, 90, { weights });
    expect(count(second, 'late')).toBeGreaterThanOrEqual(9);
    expect(count(second, 'late')).toBeLessThanOrEqual(11);
  });

  test('finds every group, however many there are', () => {
    const groups = Array.from({ length: 300 }, (_, index) => newJob(`j${index}`, { group: `g${index}` }));
    store.runNow('add', groups);
    const seen = new Set<string>();
    for (let calls = 0; calls < 10; calls += 1) for (const id of release(0, 1_000)) seen.add(id);
    expect(seen.size).toBe(300);
  });

  test('passes by what is behind a limit of its key, and goes on when a place is free', () => {
    const tasks = { few: { limit: { concurrency: 2, burst: 1 } } };
    const limited = Array.from({ length: 500 }, (_, index) => newJob(`few${index}`, { task: 'few', limitKey: 'k' }));
    store.runNow('add', [...limited, newJob('free'), newJob('other-key', { task: 'few', limitKey: 'l' })]);
    expect(release(0, 10, { tasks }).toSorted()).toEqual(['few0', 'few1', 'free', 'other-key']);
    expect(release(0, 10, { tasks })).toEqual([]);
    succeed('few1');
    expect(release(0, 10, { tasks })).toEqual(['few2']);
  });

  test('lets the next one behind a limit go when the one in line is cancelled', () => {
    const tasks = { few: { limit: { concurrency: 1, burst: 1 } } };
    store.runNow('add', [newJob('a', { task: 'few', limitKey: 'k' }), newJob('b', { task: 'few', limitKey: 'k' })]);
    expect(release(0, 0, { tasks })).toEqual([]);
    store.runNow('cancel', 'a', '', 0);
    expect(release(0, 9, { tasks })).toEqual(['b']);
  });

  test('spends a rate evenly, with bursts as large as they may be', () => {
    const tasks = { slow: { limit: { perMs: 1 / 1_000, burst: 3 } } };
    store.runNow(
      'add',
      Array.from({ length: 10 }, (_, index) => newJob(`s${index}`, { task: 'slow', limitKey: 'k' })),
    );
    expect(release(0, 99, { tasks })).toHaveLength(3);
    expect(call(0, 99, { tasks })?.nextAt).toBe(1_000);
    expect(release(999, 99, { tasks })).toEqual([]);
    expect(release(1_000, 99, { tasks })).toHaveLength(1);
    expect(release(3_500, 99, { tasks })).toHaveLength(2);
    expect(release(4_000, 99, { tasks })).toHaveLength(1);
  });

  test('sends nothing to a downstream that fails, then one job to see, then all', () => {
    const tasks = { call: { downstream: 'api' } };
    const breaker = { failures: 2, restMs: 1_000 };
    store.runNow('add', [
      ...Array.from({ length: 5 }, (_, index) => newJob(`c${index}`, { task: 'call' })),
      newJob('plain'),
    ]);
    expect(store.runNow('report', 'api', 'failed', 'x', 0, breaker)).toBe('closed');
    expect(store.runNow('report', 'api', 'ok', 'x', 0, breaker)).toBe('closed');
    store.runNow('report', 'api', 'failed', 'x', 0, breaker);
    expect(store.runNow('report', 'api', 'failed', 'y', 0, breaker)).toBe('open');
    expect(release(0, 99, { tasks })).toEqual(['plain']);
    expect(store.runNow('report', 'api', 'ok', 'z', 500, breaker)).toBe('open');
    expect(release(1_000, 99, { tasks })).toEqual(['c0']);
    expect(release(1_500, 99, { tasks })).toEqual([]);
    // Only the probe's word counts; and when it is not heard of, another one goes.
    expect(store.runNow('report', 'api', 'ok', 'y', 2_000, breaker)).toBe('half-open');
    expect(release(6_000, 99, { tasks })).toEqual(['c1']);
    expect(store.runNow('report', 'api', 'failed', 'c1', 6_100, breaker)).toBe('open');
    expect(release(7_100, 99, { tasks })).toEqual(['c2']);
    expect(store.runNow('report', 'api', 'ok', 'c2', 7_200, breaker)).toBe('closed');
    expect(release(7_200, 99, { tasks })).toEqual(['c3', 'c4']);
  });
});

describe('what nobody puts right by itself', () => {
  let store: MemoryStore;
  let leadership: { queue: string; owner: string; term: number };
  beforeEach(() => {
    store = new MemoryStore();
    leadership = { queue: 'q', owner: 'me', term: store.runNow('lead', 'q', 'me', 0, 1_000) ?? 0 };
  });

  const release = (now: number) =>
    store.runNow('release', { ...leadership, now, window: 99, policy: { tasks: {}, weights: {}, probeMs: 1 } })
      ?.references;
  const reclaim = (now: number) => store.runNow('reclaim', { ...leadership, now, unbegunMs: 100, graceMs: 50 });
  const begin = (job: string, releaseNo: number, now: number, token = 1) =>
    store.runNow('begin', { job, release: releaseNo, token, worker: 'w', leaseUntil: now + 10, now });
  const stateOf = (id: string): unknown =>
    store.database.prepare('SELECT state FROM jobs WHERE id = ?').get(id)?.['state'];

  test('is released again when nobody began it, and what was published first is refused', () => {
    store.runNow('add', [newJob('a')]);
    release(0);
    expect(reclaim(99)).toMatchObject({ unbegun: 0 });
    expect(reclaim(100)).toMatchObject({ unbegun: 1 });
    expect(release(100)).toEqual([{ job: 'a', release: 2 }]);
    expect(begin('a', 1, 101)).toEqual({ kind: 'drop', why: 'superseded' });
    expect(begin('a', 2, 102).kind).toBe('run');
  });

  test('counts as a crash when a lease is long over, until the job is taken for the cause', () => {
    store.runNow('add', [newJob('a', { maxAttempts: 9, maxCrashes: 1 })]);
    release(0);
    begin('a', 1, 0);
    expect(reclaim(59)).toMatchObject({ crashed: 0 });
    expect(reclaim(60)).toMatchObject({ crashed: 1 });
    release(60);
    begin('a', 2, 60);
    reclaim(120);
    expect(stateOf('a')).toBe('failed');
  });

  test('fails by its deadline though it waits, and is cancelled though its worker is gone', () => {
    store.runNow('add', [newJob('late', { runAt: 900, deadlineAt: 50 }), newJob('gone')]);
    release(0);
    begin('gone', 1, 0);
    expect(store.runNow('cancel', 'gone', '', 5)).toBe('cancelling');
    expect(reclaim(60)).toMatchObject({ overdue: 1, cancelled: 1 });
    expect([stateOf('late'), stateOf('gone')]).toEqual(['failed', 'cancelled']);
  });

  test('is handed back at once when the bus said no, unless it was released again', () => {
    store.runNow('add', [newJob('a')]);
    release(0);
    store.runNow('handBack', leadership, { job: 'a', release: 1 }, 1);
    expect(release(1)).toEqual([{ job: 'a', release: 2 }]);
    store.runNow('handBack', leadership, { job: 'a', release: 1 }, 1);
    expect(stateOf('a')).toBe('released');
  });
});

describe('a queue', () => {
  let store: MemoryStore;
  beforeEach(() => {
    store = new MemoryStore();
  });

  test('rejects more than it takes, by number and by bytes, and takes more when jobs end', () => {
    store.runNow('bound', 'q', { jobs: 2 });
    store.runNow('add', [newJob('a'), newJob('b')]);
    expect(() => store.runNow('add', [newJob('c')])).toThrow(/queue-full/);
    store.runNow('cancel', 'a', '', 0);
    store.runNow('add', [newJob('c')]);
    store.runNow('bound', 'q', { bytes: 2 });
    expect(() => store.runNow('add', [newJob('d')])).toThrow(
      expect.objectContaining({ code: 'queue-full', retryable: true, retryAfterMs: 1_000 }),
    );
  });

  test('knows how much it holds, and how long the first has waited', () => {
    store.runNow('add', [
      newJob('a', { runAt: 100 }),
      newJob('b', { runAt: 5_000 }),
      newJob('c', { needs: [{ job: 'a', onFailure: 'run' }] }),
    ]);
    expect(store.runNow('measure', 'q', 600)).toEqual({
      unfinished: 3,
      bytes: 3,
      added: 3,
      ended: 0,
      failed: 0,
      out: 0,
      ready: 1,
      delayed: 1,
      waiting: 1,
      oldestMs: 500,
    });
  });

  test('forgets what is over for long, but not what somebody still needs', () => {
    store.runNow('add', [
      newJob('a', { keyExpiresAt: 10 }),
      newJob('needed'),
      newJob('b', { needs: [{ job: 'needed', onFailure: 'run' }] }),
    ]);
    store.runNow('cancel', 'a', '', 0);
    store.runNow('cancel', 'needed', '', 0);
    expect(store.runNow('purge', { queue: 'q', now: 99, retentionMs: 100 })).toMatchObject({ jobs: 0, keys: 1 });
    expect(store.runNow('purge', { queue: 'q', now: 100, retentionMs: 100 })).toMatchObject({ jobs: 1 });
    store.runNow('cancel', 'b', '', 0);
    expect(store.runNow('purge', { queue: 'q', now: 100, retentionMs: 100 })).toMatchObject({ jobs: 2 });
  });
});

describe('what a dispatcher asks of a store', () => {
  test('is answered from an index that knows no more jobs than it is about', () => {
    const store = new MemoryStore();
    store.runNow('add', [newJob('a'), newJob('b', { task: 'few', limitKey: 'k', deadlineAt: 5 })]);
    const leadership = { queue: 'q', owner: 'me', term: store.runNow('lead', 'q', 'me', 0, 1_000) ?? 0, now: 1 };
    const policy = { tasks: { few: { limit: { concurrency: 1, burst: 1 } } }, weights: {}, probeMs: 1 };
    const plans = [
      ...store.plansOf('release', { ...leadership, window: 9, policy }),
      ...store.plansOf('reclaim', { ...leadership, unbegunMs: 1, graceMs: 1 }),
      ...store.plansOf('measure', 'q', 1),
      ...store.plansOf('purge', { queue: 'q', now: 1, retentionMs: 1 }),
    ];
    expect(plans.join('; ')).toMatch(/jobs_line \(queue=\? AND share_group=\? AND task=\?/);
    expect(plans.filter((plan) => /SCAN (jobs|job_)|jobs_listed|jobs_out \(queue=\?\)$/.test(plan))).toEqual([]);
  });
});
