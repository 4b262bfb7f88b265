import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ModelWorker } from '../../../services/inference-engine/src/model-worker.ts';

const THREAD = new URL('./faulty-thread.ts', import.meta.url);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-model-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const data = () => ({ folder, dimensions: 2, maxTokens: 8 });

test('a thread that dies fails what it was asked, and is started again until its model loads', async () => {
  const model = await ModelWorker.start(data(), THREAD);
  await expect(model.tokenize(['x'])).rejects.toMatchObject({ code: 'engine-failed', retryable: true });
  expect(model.ready).toBe(false);
  await expect(model.tokenize(['x'])).rejects.toMatchObject({ code: 'engine-failed' });
  while (!model.ready) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await model.tokenize(['four'])).toEqual([{ tokens: 4 }]);
  await model.close();
}, 30_000);

test('rejects a thread that ends before its model is loaded', async () => {
  writeFileSync(join(folder, 'started'), '');
  await expect(ModelWorker.start(data(), THREAD)).rejects.toMatchObject({
    code: 'model-missing',
    message: expect.stringContaining('ended with 3'),
  });
});

test('a closed one is not started again', async () => {
  const model = await ModelWorker.start(data(), THREAD);
  await model.close();
  expect(model.ready).toBe(false);
});
