import { describe, expect, test } from '@jest/globals';
import { LearnedBatchCost } from '../../../../services/inference-engine/src/scheduling/batch-cost.ts';
import {
  type BatchReport,
  BatchScheduler,
  type BatchSchedulerOptions,
  type Claim,
  type Loss,
} from '../../../../services/inference-engine/src/scheduling/batch-scheduler.ts';
import { SimulatedDevice } from './simulated-device.ts';
import { VirtualClock } from './virtual-clock.ts';

// A device that takes 2 ms a pass and a tenth of a millisecond a token, padding included.
const costMs = ({ paddedTokens }: { readonly paddedTokens: number }): number => 2 + paddedTokens / 10;

type Options = BatchSchedulerOptions<number, number>;

function setUp(over: Partial<Options> & { readonly lanes?: number } = {}) {
  const clock = new VirtualClock();
  const { lanes = 1, ...options } = over;
  const device = new SimulatedDevice(clock, costMs, lanes);
  const cost = new LearnedBatchCost();
  for (let tokens = 10; tokens <= 100; tokens += 10)
    cost.learn({ items: 1, paddedTokens: tokens }, costMs({ paddedTokens: tokens }));
  const losses: Loss[] = [];
  const reports: BatchReport[] = [];
  const scheduler = new BatchScheduler<number, number>({
    executor: device,
    cost,
    batch: { maxTokens: 100 },
    queue: { maxTokens: 10_000, maxBytes: 1_000_000 },
    clock,
    onLoss: (loss) => losses.push(loss),
    onBatch: (report) => reports.push(report),
    ...options,
  });
  const submit = (lengths: readonly number[], claim: Partial<Claim> = {}): Promise<readonly number[]> =>
    scheduler.submit(
      lengths.map((tokens) => ({ input: tokens, tokens, bytes: tokens })),
      { tenant: 'a', priority: 'normal', deadlineAt: 1e9, ...claim },
    );
  return { clock, device, scheduler, submit, losses, reports };
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

describe('a scheduler of batches', () => {
  test('starts a lone request at once, and gathers the next batch while one runs', async () => {
    const { clock, device, submit } = setUp();
    const first = submit([10]);
    await clock.run(0);
    expect(device.batches).toEqual([[10]]);
    const others = [submit([11]), submit([12]), submit([13])];
    await clock.run();
    expect(await Promise.all([first, ...others])).toEqual([[10], [11], [12], [13]]);
    expect(device.batches).toEqual([[10], [11, 12, 13]]);
  });

  test('puts requests of one turn into one batch', async () => {
    const { clock, device, submit } = setUp();
    const all = [submit([10]), submit([10, 10])];
    await clock.run();
    await Promise.all(all);
    expect(device.batches).toEqual([[10, 10, 10]]);
  });

  test('answers the items of a request in their order, whatever batches they were in', async () => {
    const { clock, device, submit } = setUp();
    const lengths = [50, 3, 90, 4, 55, 91];
    const answer = submit(lengths);
    await clock.run();
    expect(await answer).toEqual(lengths);
    expect(device.batches.length).toBeGreaterThan(2);
  });

  test('uses every lane, and none beyond', async () => {
    const { clock, device, submit } = setUp({ lanes: 2 });
    const all = [90, 91, 92].map((tokens) => submit([tokens]));
    await clock.run(1);
    expect(device.batches).toHaveLength(2);
    await clock.run();
    await Promise.all(all);
    expect(clock.now()).toBeCloseTo(costMs({ paddedTokens: 90 }) + costMs({ paddedTokens: 92 }), 0);
  });

  test('holds a batch for a moment where many come, and never when it is idle', async () => {
    const expensive = new LearnedBatchCost();
    for (const paddedTokens of [10, 50, 90]) expensive.learn({ items: 1, paddedTokens }, 20 + paddedTokens / 100);
    const { clock, device, submit } = setUp({ cost: expensive, lanes: 4 });
    const all = [submit([10])];
    await clock.run(0);
    expect(device.batches).toEqual([[10]]);
    for (let n = 0; n < 8; n += 1) {
      await clock.run(clock.now() + 1);
      all.push(submit([10]));
    }
    await clock.run();
    await Promise.all(all);
    expect(device.batches.map(({ length }) => length)).toEqual([1, 8]);
  });

  test('learns from each pass, and reports it with its padding and its waits', async () => {
    const { clock, submit, reports } = setUp();
    const all = [submit([40]), submit([30])];
    await clock.run();
    await Promise.all(all);
    expect(reports).toEqual([{ items: 2, tokens: 70, paddedTokens: 80, ms: 10, waitedMs: [0, 0] }]);
  });
});

describe('at the door', () => {
  test('rejects what could not be done in time, and says when to come back', async () => {
    const { clock, submit, losses } = setUp();
    const all = [submit([100])];
    await clock.run(1);
    all.push(submit([100], { deadlineAt: 39 }), submit([100], { deadlineAt: 40 }));
    // Eleven milliseconds of the first are left, two passes of twelve wait.
    const refused = await submit([100], { deadlineAt: 40 }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'engine-overloaded', retryable: true });
    expect((refused as { readonly retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(7);
    const taken = submit([100], { deadlineAt: 60 });
    await clock.run();
    await Promise.all([...all, taken]);
    expect(losses).toEqual(['overloaded']);
  });

  test('rejects what is urgent where it would make late what was taken', async () => {
    const { clock, submit } = setUp();
    const all = [submit([100])];
    await clock.run(1);
    all.push(submit([100], { deadlineAt: 30 }));
    const message = expect.stringContaining('would be late by it');
    await expect(submit([100], { deadlineAt: 29 })).rejects.toMatchObject({ code: 'engine-overloaded', message });
    await clock.run();
    await Promise.all(all);
  });

  test('takes somebody new before those who have much waiting already', async () => {
    const { clock, submit } = setUp();
    const greedy = Array.from({ length: 20 }, () => submit([100], { deadlineAt: 260 }));
    await clock.run(1);
    expect(codeOf(await submit([100], { deadlineAt: 260 }).catch((error: unknown) => error))).toBe('engine-overloaded');
    const polite = submit([100], { tenant: 'b', deadlineAt: 60 });
    await clock.run(60);
    expect(await polite).toEqual([100]);
    await clock.run();
    await Promise.all(greedy);
  });

  test('rejects what finds no room in tokens or in bytes, and takes anything when it is empty', async () => {
    const { clock, scheduler, submit } = setUp({ queue: { maxTokens: 50, maxBytes: 60 } });
    const large = submit([500]);
    await clock.run(1);
    const waiting = submit([40]);
    expect(codeOf(await submit([11]).catch((error: unknown) => error))).toBe('engine-overloaded');
    const heavy = scheduler.submit([{ input: 1, tokens: 1, bytes: 30 }], {
      tenant: 'a',
      priority: 'normal',
      deadlineAt: 1e9,
    });
    expect(codeOf(await heavy.catch((error: unknown) => error))).toBe('engine-overloaded');
    await clock.run();
    expect(await Promise.all([large, waiting])).toEqual([[500], [40]]);
  });

  test('rejects what is late on arrival', async () => {
    expect(
      codeOf(
        await setUp()
          .submit([1], { deadlineAt: 0 })
          .catch((error: unknown) => error),
      ),
    ).toBe('deadline-exceeded');
  });

  test('lets an idle engine try what its estimate says it cannot do', async () => {
    const { clock, submit } = setUp();
    const hopeful = submit([100], { deadlineAt: 5 });
    await clock.run();
    expect(await hopeful).toEqual([100]);
  });
});

describe('what waits', () => {
  test('is dropped when it would be late, before it costs anything', async () => {
    const { clock, device, submit, losses } = setUp({ cost: new LearnedBatchCost() });
    // Nothing is known yet, so all are taken; the first pass then takes longer than two of them have.
    const first = submit([100]);
    await clock.run(0);
    const late = [submit([50], { deadlineAt: 8 }), submit([50], { deadlineAt: 11 })];
    const ok = submit([50]);
    const outcomes = Promise.allSettled(late);
    await clock.run();
    await Promise.all([first, ok]);
    expect((await outcomes).map((o) => o.status === 'rejected' && codeOf(o.reason))).toEqual([
      'deadline-exceeded',
      'deadline-exceeded',
    ]);
    expect(device.batches).toEqual([[100], [50]]);
    expect(losses).toEqual(['late', 'late']);
  });

  test('goes away with who asked, at once', async () => {
    const { clock, device, scheduler, submit, losses } = setUp();
    const first = submit([100]);
    await clock.run(1);
    const client = new AbortController();
    const abandoned = submit([30, 40], { signal: client.signal });
    const failed = expect(abandoned).rejects.toBe('gone');
    expect(scheduler.depth).toEqual({ items: 2, tokens: 70, bytes: 70, running: 1 });
    client.abort('gone');
    await failed;
    expect(scheduler.depth).toEqual({ items: 0, tokens: 0, bytes: 0, running: 1 });
    await clock.run();
    await first;
    expect(device.batches).toEqual([[100]]);
    expect(losses).toEqual(['cancelled', 'cancelled']);
  });

  test('is refused when its client went away before it came', async () => {
    await expect(setUp().submit([1], { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
  });
});

describe('what runs', () => {
  test('is stopped when nobody waits for any of it, and frees its lane', async () => {
    const { clock, device, submit } = setUp();
    const clients = [new AbortController(), new AbortController()];
    const lost = clients.map(({ signal }) => submit([50], { signal }));
    const outcomes = Promise.allSettled(lost);
    await clock.run(1);
    clients[0]?.abort('gone');
    await clock.run(3);
    // The other still waits for its own.
    expect(device.busyMs).toBe(0);
    clients[1]?.abort('gone');
    const next = submit([10]);
    await clock.run(4);
    expect(device.busyMs).toBe(3);
    await clock.run();
    expect(await next).toEqual([10]);
    expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
  });

  test('fails alone: the mates of a bad input get their answers', async () => {
    const clock = new VirtualClock();
    const device = new SimulatedDevice(clock, costMs);
    const picky = {
      lanes: 1,
      async run(batch: readonly number[], signal: AbortSignal) {
        const outputs = await device.run(batch, signal);
        if (batch.includes(13)) throw new Error('unlucky');
        return outputs;
      },
    };
    const { submit, losses } = setUp({ executor: picky, clock });
    const all = Promise.allSettled([11, 12, 13, 14].map((tokens) => submit([tokens])));
    await clock.run();
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(losses).toEqual(['failed']);
  });

  test('fails its request as a whole, and computes nothing more of it', async () => {
    const clock = new VirtualClock();
    const device = new SimulatedDevice(clock, costMs);
    const broken = {
      lanes: 1,
      async run(batch: readonly number[], signal: AbortSignal) {
        const outputs = await device.run(batch, signal);
        if (batch.includes(90)) throw new Error('broken');
        return outputs;
      },
    };
    const { submit, scheduler } = setUp({ executor: broken, clock });
    const failed = expect(submit([90, 10])).rejects.toThrow('broken');
    await clock.run();
    await failed;
    expect(device.batches).toEqual([[90]]);
    expect(scheduler.depth).toEqual({ items: 0, tokens: 0, bytes: 0, running: 0 });
  });
});

describe('three times as much as it can do', () => {
  /** Arrivals at regular gaps, each due 200 ms later. Returns what each tenant got in time. */
  async function overload(tenantsOf: (n: number) => string, options: Partial<Options> = {}) {
    const { clock, device, submit, losses } = setUp(options);
    const inTime: Record<string, number> = {};
    // A full pass of ten items takes 12 ms: 0.83 items a millisecond at best, and 2.5 come.
    const items = 5_000;
    const all = Array.from({ length: items }, async (_, n) => {
      await clock.sleep(n / 2.5);
      const tenant = tenantsOf(n);
      const deadlineAt = clock.now() + 200;
      await submit([10], { tenant, deadlineAt });
      if (clock.now() <= deadlineAt) inTime[tenant] = (inTime[tenant] ?? 0) + 1;
    });
    const outcomes = Promise.allSettled(all);
    await clock.run();
    await outcomes;
    const good = Object.values(inTime).reduce((a, b) => a + b, 0);
    return { inTime, good, best: clock.now() * (10 / 12), losses, device };
  }

  test('leaves the goodput where it was: hardly anything computed is late', async () => {
    const { good, best, losses } = await overload(() => 'a');
    expect(good / best).toBeGreaterThan(0.95);
    expect(losses.filter((loss) => loss !== 'overloaded').length / good).toBeLessThan(0.02);
  });

  test('gives each tenant its share, however much it asks for', async () => {
    // Of ten requests eight are of one tenant.
    const { inTime, good, best } = await overload((n) => (n % 10 < 8 ? 'greedy' : `polite-${n % 10}`));
    expect(good / best).toBeGreaterThan(0.95);
    // The polite ask for 0.25 a millisecond each, less than their third of 0.83.
    for (const polite of ['polite-8', 'polite-9']) expect(inTime[polite]).toBeGreaterThan(500 * 0.95);
  });
});
