import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openBusAdmin } from '@penstock/kit';
import { openJobStore, provisionJobStore } from '@penstock/kit/jobs';
import { encodeProfile, httpServiceProfile, PROFILE_VARIABLE, queueProfile } from '@penstock/model';
import { ServiceProcess } from '../../cli/local/service-process.ts';
import { LOCAL_ENV, mainOf } from '../../cli/local/services.ts';
import { shop } from '../../stacks/orders.ts';
import { TASKS } from '../services/task-queue/desk-fixture.ts';
import { penstock } from './command.ts';

// Every verb against a task queue that runs as a process: its store, its bus, its dispatcher.

const QUEUE = 'fulfilment';
let folder: string;
let server: ServiceProcess;
let url: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-verbs-'));
  const bus = `sqlite:${join(folder, 'bus.db')}`;
  const jobs = `sqlite:${join(folder, 'jobs.db')}`;
  const admin = await openBusAdmin(bus);
  await admin.provision(queueProfile(shop.queues[QUEUE], shop.workers['fulfil']));
  await admin.close();
  await provisionJobStore(jobs);
  writeFileSync(join(folder, 'tasks.json'), TASKS);
  server = new ServiceProcess({
    name: 'task-queue',
    main: mainOf('task-queue'),
    logFile: join(folder, 'task-queue.log'),
    terminationGraceMs: 10_000,
    onFailed: () => {},
    env: {
      ...LOCAL_ENV,
      PENSTOCK_HTTP_PORT: '0',
      PENSTOCK_BUS: bus,
      PENSTOCK_JOBS: jobs,
      PENSTOCK_TASKS: join(folder, 'tasks.json'),
      [PROFILE_VARIABLE]: encodeProfile(httpServiceProfile(shop, 'task-queue')),
    },
  });
  url = `http://127.0.0.1:${(await server.start()).http}`;
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
}, 120_000);

const queue = async (...args: readonly string[]) => {
  const { status, stdout, stderr } = await penstock(['queue', ...args, '--url', url]);
  expect([status, stderr.replaceAll(/\r\d+ out /g, '')]).toEqual([0, '']);
  return stdout;
};
/** Begins and fails a job once the server has released it. */
async function fail(id: string): Promise<void> {
  const store = await openJobStore(`sqlite:${join(folder, 'jobs.db')}`);
  try {
    for (;;) {
      const found = await store.run('inspect', id);
      if (found?.job.state === 'released') {
        const fence = { job: id, release: found.job.release, token: 1 };
        const now = Date.now();
        await store.run('begin', { ...fence, worker: 'w', leaseUntil: now + 60_000, now });
        await store.run('settle', fence, { state: 'failed', code: 'broken', reason: 'it broke' }, now);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await store.close();
  }
}

const ship = ['--task', 'ship', '--payload', '{"order":"o"}'] as const;

test('every verb does what it says to a queue that is served', async () => {
  await queue('pause', QUEUE);
  const { id } = JSON.parse(await queue('add', QUEUE, ...ship, '--key', 'k', '--json')) as { readonly id: string };
  expect(await queue('ls')).toMatch(/^fulfilment +drained +1 /m);
  expect(await queue('peek', QUEUE)).toContain(id);
  expect(await queue('cancel', '--job', id, '--reason', 'not wanted')).toBe('cancelled\n');
  expect(await queue('peek', '--job', id)).toContain('not wanted');

  // One that failed, as a worker ends it that sees no use in another attempt; then it waits again, like any other.
  const dead = JSON.parse(await queue('add', QUEUE, ...ship, '--key', 'dead', '--json')) as { readonly id: string };
  await queue('resume', QUEUE);
  await fail(dead.id);
  await queue('pause', QUEUE);
  expect(await queue('peek', QUEUE, '--state', 'failed')).toContain('broken: it broke');
  expect(await queue('redrive', QUEUE, '--task', 'ship')).toBe('1 redriven\n');
  expect(await queue('peek', QUEUE, '--state', 'ready')).toContain(dead.id);

  const made = await queue(
    'schedule',
    QUEUE,
    '--schedule',
    'nightly',
    '--cron',
    '30 2 * * *',
    '--time-zone',
    'Europe/Berlin',
    ...ship,
  );
  expect(made).toMatch(/^nightly +20.+Europe\/Berlin +run-once +ship$/m);
  expect(await queue('pause', QUEUE, '--schedule', 'nightly')).toMatch(/^nightly +paused /m);
  expect(await queue('schedules', QUEUE)).toMatch(/^nightly +paused /m);
  expect(await queue('resume', QUEUE, '--schedule', 'nightly')).toMatch(/^nightly +20/m);
  expect(await queue('unschedule', QUEUE, '--schedule', 'nightly')).toBe('nightly  removed\n');

  await queue('bound', QUEUE, '--jobs', '1');
  const refused = await penstock(['queue', 'add', QUEUE, ...ship, '--key', 'more', '--url', url]);
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('queue-full')]);
  await queue('bound', QUEUE);

  expect(await queue('drain', QUEUE)).toMatch(/^fulfilment +drained /m);
  expect(await queue('resume', QUEUE)).toMatch(/^fulfilment +running /m);
}, 300_000);
