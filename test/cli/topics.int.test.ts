import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { openLog, openLogAdmin } from '@penstock/kit/events';
import { topics as command } from '../../cli/commands/topics.ts';
import { reportError } from '../../cli/exit.ts';
import { ROOT } from './command.ts';

jest.setTimeout(120_000);

let folder: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(ROOT, '.penstock-topics-'));
  log = `sqlite:${join(mkdtempSync(join(tmpdir(), 'penstock-topics-')), 'log.db')}`;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const declare = (peakRate: string): string => {
  // A module is loaded once.
  const file = join(folder, `platform-${peakRate.replace('/', '-')}.ts`);
  writeFileSync(
    file,
    `import { defineTopology } from '@penstock/model';
export const platform = defineTopology({
  name: 'shop',
  queues: {}, engines: {}, workers: {}, objectives: {},
  topics: {
    orders: {
      arrivalRate: '1/s',
      peakRate: '${peakRate}',
      consumers: { billing: { workTime: { mean: '10 milliseconds', p99: '20 milliseconds' } } },
    },
  },
});
`,
  );
  return file;
};
/** As the command line runs it, in this process. */
const topics = async (verb: string, ...options: readonly string[]) => {
  const said = { stdout: '', stderr: '' };
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.stdout += text as string;
    return true;
  });
  try {
    const status = await command([verb, ...options]);
    return { status, ...said };
  } catch (error) {
    const status = reportError(error, (text) => {
      said.stderr += text;
    });
    return { status, ...said };
  } finally {
    spy.mockRestore();
  }
};
const write = async (topic: string, ...texts: readonly string[]) => {
  await using opened = await openLog(log);
  await opened.produce(texts.map((text) => ({ topic, key: text, value: Buffer.from(text) })));
};

test('topics are made as the declaration derives them, and held against it', async () => {
  const platform = declare('2/s');
  const plan = await topics('plan', '--platform', platform);
  expect(plan).toMatchObject({ status: 0, stdout: expect.stringContaining('3 partitions, kept for 168 h') });
  const applied = await topics('apply', '--platform', platform, '--log', log);
  expect(applied).toMatchObject({ status: 0, stderr: '' });
  expect(await topics('check', '--platform', platform, '--log', log)).toMatchObject({
    status: 0,
    stdout: '2 topics are as declared\n',
  });
  const wider = declare('400/s');
  expect(await topics('check', '--platform', wider, '--log', log)).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/has 3 partitions, declared are \d+: \d+ % of the keys go to another one/),
  });
});

test('rejects a wider topic while a group has not done what lies there, as keys would lose their order', async () => {
  const name = (await topics('plan', '--platform', declare('2/s'))).stdout.split(' ')[0] as string;
  await topics('apply', '--platform', declare('2/s'), '--log', log);
  await write(name, 'a', 'b');
  const wider = declare('400/s');
  expect(await topics('apply', '--platform', wider, '--log', log)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('has 2 records not done'),
  });
  expect(await topics('apply', '--platform', wider, '--log', log, '--wider-out-of-order')).toMatchObject({ status: 0 });
});

test('a topic is replayed to another one by key and time, after a rehearsal that sends nothing', async () => {
  await using admin = await openLogAdmin(log);
  for (const name of ['orders', 'orders.again']) await admin.provision({ name, partitions: 2 });
  await write('orders', 'a', 'b', 'c');
  const scope = ['--log', log, '--topic', 'orders', '--to', 'orders.again', '--key', 'a', '--key', 'c'];
  expect(await topics('replay', ...scope, '--rehearse')).toMatchObject({ stdout: '3 looked at, 2 to be sent\n' });
  expect(await topics('replay', ...scope, '--per-second', '1000')).toMatchObject({ stdout: '3 looked at, 2 sent\n' });
  expect(await topics('replay', ...scope, '--since', '2100-01-01')).toMatchObject({ stdout: '3 looked at, 0 sent\n' });
  await using opened = await openLog(log);
  const ends = (await opened.bounds('orders.again')).map(({ end }) => end);
  expect(ends.reduce((sum, end) => sum + end, 0)).toBe(2);
});

test('rejects a time that is none, and a verb that is unknown', async () => {
  const options = ['--log', log, '--topic', 'orders', '--to', 'orders', '--since', 'yesterday'];
  await using admin = await openLogAdmin(log);
  await admin.provision({ name: 'orders', partitions: 1 });
  expect(await topics('replay', ...options)).toMatchObject({ status: 2 });
  expect(await topics('rewind')).toMatchObject({ status: 2 });
});
