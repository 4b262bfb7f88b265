import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openBusAdmin } from '@penstock/kit';
import { encodeProfile, workerProfile } from '@penstock/model';
import { platform } from '../../../stacks/platform.ts';

// The service as a pod runs it: bound to what infrastructure has made, and clear about what it has not.

const MAIN = fileURLToPath(new URL('../../../services/mail-classifier/src/main.ts', import.meta.url));
const CLASSIFIER = fileURLToPath(
  new URL('../../../services/mail-classifier/classifiers/all-minilm-l6-v2.json', import.meta.url),
);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-main-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Starts it and waits until it has given up. */
function start(overrides: Readonly<Record<string, string>> = {}) {
  const { status, stdout } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
    encoding: 'utf8',
    timeout: 30_000,
    env: {
      PATH: process.env['PATH'] ?? '',
      PENSTOCK_HOST: '127.0.0.1',
      PENSTOCK_OPS_PORT: '0',
      PENSTOCK_PROFILE: encodeProfile(workerProfile(platform, 'classify')),
      PENSTOCK_BUS: `sqlite:${join(folder, 'bus.db')}`,
      PENSTOCK_EFFECTS: join(folder, 'effects.db'),
      PENSTOCK_CLASSIFIER: CLASSIFIER,
      PENSTOCK_ENGINE_EMBEDDER: 'http://127.0.0.1:9',
      ...overrides,
    },
  });
  return { status, log: stdout };
}

test('rejects a bus that nobody has made', () => {
  expect(start()).toEqual({ status: 1, log: expect.stringContaining('queue-missing') });
});

test('rejects a bus without its queue', async () => {
  const admin = await openBusAdmin(`sqlite:${join(folder, 'bus.db')}`);
  await admin.close();
  const { status, log } = start();
  expect(status).toBe(1);
  expect(log).toContain('queue-missing');
  expect(log).toContain(workerProfile(platform, 'classify').queue.stream);
});

test('rejects a queue that was made with other numbers, by each number', async () => {
  const { queue } = workerProfile(platform, 'classify');
  const admin = await openBusAdmin(`sqlite:${join(folder, 'bus.db')}`);
  await admin.provision({ ...queue, ackWaitMs: queue.ackWaitMs * 2 });
  await admin.close();
  const { status, log } = start();
  expect(status).toBe(1);
  expect(log).toContain('queue-mismatch');
  expect(log).toContain('ackWaitMs');
});

test('rejects a file of effects that is no database', async () => {
  const { queue } = workerProfile(platform, 'classify');
  const admin = await openBusAdmin(`sqlite:${join(folder, 'bus.db')}`);
  await admin.provision(queue);
  await admin.close();
  writeFileSync(join(folder, 'effects.db'), 'not a database'.repeat(1_000));
  expect(start()).toEqual({ status: 1, log: expect.stringContaining('storage-corrupt') });
});

test('rejects an environment by all the addresses it lacks', () => {
  const { status, log } = start({ PENSTOCK_EFFECTS: '', PENSTOCK_CLASSIFIER: '' });
  expect(status).toBe(1);
  expect(log).toContain('PENSTOCK_EFFECTS, PENSTOCK_CLASSIFIER are not set');
});

test('rejects a profile that cannot be read', () => {
  expect(start({ PENSTOCK_PROFILE: '{' })).toEqual({ status: 1, log: expect.stringContaining('profile-malformed') });
});

test('rejects a log level that there is not', () => {
  const { status, log } = start({ PENSTOCK_LOG_LEVEL: 'loud' });
  expect(status).toBe(1);
  expect(log).toContain('PENSTOCK_LOG_LEVEL: received \\"loud\\", expected silent or one of trace, debug');
});

test('as the container of a job ends well when there is nothing to do', async () => {
  const profile = workerProfile(platform, 'classify', 'until-empty');
  const admin = await openBusAdmin(`sqlite:${join(folder, 'bus.db')}`);
  await admin.provision(profile.queue);
  await admin.close();
  const { status, log } = start({ PENSTOCK_PROFILE: encodeProfile(profile) });
  expect(log).toContain('"reason":"finished"');
  expect(status).toBe(0);
});
