import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ModelPool } from '../../../../services/inference-engine/src/execution/model-pool.ts';
import { LearnedBatchCost } from '../../../../services/inference-engine/src/scheduling/batch-cost.ts';
import { BatchScheduler } from '../../../../services/inference-engine/src/scheduling/batch-scheduler.ts';

let folder: string;
let pool: ModelPool<string, string> | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-model-'));
});

afterEach(async () => {
  await pool?.close();
  pool = undefined;
  rmSync(folder, { recursive: true });
});

const never = new AbortController().signal;
const textOf = (answers: readonly string[]): readonly string[] => answers.map((answer) => answer.replace(/^\d+ /, ''));

async function start(processes = 1): Promise<ModelPool<string, string>> {
  const files = { folder, dimensions: 1, maxTokens: 1 };
  const script = new URL('./faulty-model.ts', import.meta.url);
  pool = await ModelPool.start<string, string>({ part: 'embedder', files, processes, script });
  return pool;
}

/** Waits until it is so; the test's own limit ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('batches are computed beside each other, each by a process that does nothing else meanwhile', async () => {
  const two = await start(2);
  const answers = (await Promise.all([two.run(['a', 'b'], never), two.run(['c'], never)])).flat();
  expect(textOf(answers)).toEqual(['a', 'b', 'c']);
  expect(new Set(answers.map((answer) => answer.split(' ')[0])).size).toBe(2);
});

test('a segmentation fault takes only what was computed there, and the process is started again', async () => {
  const two = await start(2);
  const [killed, other] = await Promise.allSettled([two.run(['segfault'], never), two.run(['x'], never)]);
  expect(killed).toMatchObject({
    reason: { code: 'engine-failed', retryable: true, message: expect.stringContaining('SIGSEGV') },
  });
  expect(other.status).toBe('fulfilled');
  expect(two.ready).toBe(true);
  // Both lanes again: while one of them is loaded, the other answers for it.
  for (const pids = new Set<string>(); pids.size < 2; ) {
    const answers = await Promise.all([two.run(['x'], never), two.run(['x'], never)]);
    for (const [answer] of answers) pids.add((answer as string).split(' ')[0] as string);
  }
});

test('the mates of a text that kills the process get their answers', async () => {
  const executor = await start();
  const scheduler = new BatchScheduler<string, string>({
    executor,
    cost: new LearnedBatchCost(),
    batch: { maxTokens: 100 },
    queue: { maxTokens: 1_000, maxBytes: 1_000 },
  });
  const submit = (text: string): Promise<readonly string[]> =>
    scheduler.submit([{ input: text, tokens: 1, bytes: 1 }], {
      tenant: 'a',
      priority: 'normal',
      deadlineAt: Number.MAX_SAFE_INTEGER,
    });
  const outcomes = await Promise.allSettled(['a', 'b', 'segfault', 'c'].map(submit));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});

test('a batch that the model refuses fails, and its process goes on', async () => {
  const one = await start();
  const [before] = await one.run(['x'], never);
  await expect(one.run(['bad'], never)).rejects.toMatchObject({ code: 'engine-failed' });
  expect(await one.run(['x'], never)).toEqual([before]);
});

test('what comes while the model is loaded again waits for it, or goes with its signal', async () => {
  const one = await start();
  await expect(one.run(['segfault'], never)).rejects.toMatchObject({ code: 'engine-failed' });
  expect(one.ready).toBe(false);
  const gone = new AbortController();
  const dropped = one.run(['x'], gone.signal);
  const waits = one.run(['y'], never);
  gone.abort('gone');
  await expect(dropped).rejects.toBe('gone');
  expect(textOf(await waits)).toEqual(['y']);
});

test('a process that hangs on what nobody waits for any more is ended and started again', async () => {
  const one = await start();
  const gone = new AbortController();
  const hangs = expect(one.run(['hang'], gone.signal)).rejects.toMatchObject({
    message: expect.stringContaining('SIGKILL'),
  });
  // Once it is on its way.
  await new Promise((resolve) => setImmediate(resolve));
  gone.abort();
  await hangs;
  expect(textOf(await one.run(['x'], never))).toEqual(['x']);
});

test('a model that cannot be loaded again is tried until it can', async () => {
  const one = await start();
  writeFileSync(join(folder, 'broken'), '');
  await expect(one.run(['segfault'], never)).rejects.toMatchObject({ code: 'engine-failed' });
  expect(textOf(await one.run(['x'], never))).toEqual(['x']);
});

test('rejects a model that cannot be loaded, with what it said', async () => {
  writeFileSync(join(folder, 'broken'), '');
  await expect(start()).rejects.toMatchObject({
    code: 'model-missing',
    message: expect.stringMatching(/ended with 3; no such weights/),
  });
});

test('the process of a model ends with the service, however that ends', async () => {
  const parent = spawn(process.execPath, [fileURLToPath(new URL('./orphaning-parent.ts', import.meta.url)), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  parent.kill('SIGKILL');
  await until(() => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
});

test('a closed one is not started again, and leaves no process', async () => {
  const one = await start();
  const [answer] = await one.run(['x'], never);
  await one.close();
  expect(one.ready).toBe(false);
  expect(() => process.kill(Number(answer?.split(' ')[0]), 0)).toThrow('ESRCH');
});
