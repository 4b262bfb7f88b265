import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { VerdictReader } from '../../../cli/local/verdicts.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-verdicts-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('there is nothing to read before a worker has made the store', () => {
  using reader = new VerdictReader(join(folder, 'effects.db'));
  expect(reader.all()).toEqual([]);
});

test('a store that is just being made is waited for', async () => {
  const path = join(folder, 'effects.db');
  const thread = new Worker(new URL('./locking-thread.ts', import.meta.url), { workerData: path });
  const gone = once(thread, 'exit');
  await once(thread, 'message');
  using reader = new VerdictReader(path);
  expect(reader.all()).toEqual([expect.objectContaining({ id: 'one', verdict: 'ham' })]);
  await gone;
});
