import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { penstock, ROOT } from './command.ts';

let folder: string;

beforeAll(async () => {
  // Inside the project, so that the declaration's imports resolve.
  folder = await mkdtemp(join(ROOT, '.penstock-test-'));
});

afterAll(() => rm(folder, { recursive: true }));

const FAULTY = `
import { mailClassifier } from '@penstock/mail-classifier/service';
import { defineTopology } from '@penstock/model';
export const platform = defineTopology({
  name: 'shop',
  queues: { mails: { arrivalRate: '30/s', doneWithin: '5 minuts' }, parcels: { arrivalRate: '-5/s', doneWithin: '1 minute' }, bills: { arrivalRate: '1/s', doneWithin: '1 minute' } },
  workers: {
    a: { service: mailClassifier, queue: 'mails', workTime: { mean: '1 second', p99: '3 seconds' } },
    b: { service: mailClassifier, queue: 'parcels', workTime: { mean: '1 second', p99: '3 seconds' } },
    c: { service: mailClassifier, queue: 'bills', workTime: { mean: '1 second', p99: '3 seconds' }, calls: { embedder: { engine: 'none' } }, pinned: { ackWait: '2 seconds' } },
  },
} as never);
`;

test.each(['check', 'synth', 'up'])(
  'rejects a faulty declaration by one report of all faults, and %s starts nothing',
  async (command) => {
    const file = join(folder, 'platform.ts');
    await writeFile(file, FAULTY);
    const state = join(folder, 'state');
    const { status, stdout, stderr } = await penstock([
      command,
      '--platform',
      file,
      ...(command === 'up' ? ['--state', state] : []),
    ]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    for (const fault of [
      'queues.mails.doneWithin  [unit-malformed]',
      'queues.parcels.arrivalRate  [unit-malformed]',
      'workers.c.pinned.ackWait  [ack-wait-too-short]',
    ])
      expect(stderr).toContain(fault);
    expect(stderr).not.toContain('    at ');
    expect(existsSync(state)).toBe(false);
  },
);

test('rejects an input file by naming each bad line', async () => {
  const file = join(folder, 'mails.jsonl');
  await writeFile(
    file,
    '{"subject":"a","body":"b"}\nnot json\n{"subject":1,"body":"b"}\n{"id":"x","subject":"a","body":"b","label":"junk"}\n',
  );
  const { status, stderr } = await penstock(['up', '--input', file, '--state', join(folder, 'state')]);
  expect(status).toBe(2);
  for (const fault of ['line 2: not JSON', 'line 3: subject: received 1', 'line 4: label: received "junk"'])
    expect(stderr).toContain(fault);
});

test('rejects unknown commands and options with the usage', async () => {
  expect(await penstock(['deploy'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no command "deploy"'),
  });
  expect(await penstock(['up', '--onc'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('usage: penstock up'),
  });
  expect(await penstock(['up', '--limit', '1e3'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--limit'),
  });
});
