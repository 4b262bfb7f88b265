import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openBus, openBusAdmin, startWorker } from '@penstock/kit';
import { defineTask, handle, JobRunner, openJobStore, provisionJobStore } from '@penstock/kit/jobs';
import {
  declareWorker,
  defineTopology,
  encodeProfile,
  httpServiceProfile,
  PROFILE_VARIABLE,
  workerProfile,
} from '@penstock/model';
import { taskQueue } from '@penstock/task-queue/service';
import { pino } from 'pino';
import { z } from 'zod';
import { JOB_METRICS } from '../../../constructs/monitoring/promql.ts';
import { TASKS } from './desk-fixture.ts';

// The server as a pod runs it, and a worker beside it: a job that comes by HTTP is done and shown as done.

const MAIN = fileURLToPath(new URL('../../../services/task-queue/src/main.ts', import.meta.url));

const topology = defineTopology({
  name: 'shop',
  queues: { orders: { arrivalRate: '1/s', doneWithin: '1 minute' } },
  workers: {
    shipper: {
      service: declareWorker({ name: 'shipper', payload: 'job.v1', calls: [] }),
      queue: 'orders',
      workTime: { mean: '10 milliseconds', p99: '50 milliseconds' },
      calls: {},
    },
  },
  httpServices: {
    front: {
      service: taskQueue,
      arrivalRate: '1/s',
      requestTime: { mean: '10 milliseconds', p99: '50 milliseconds' },
      requestsAtOnce: 64,
      doneWithin: '10 seconds',
      publishes: { jobs: { queue: 'orders' } },
    },
  },
});

let folder: string;
let server: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-task-queue-'));
});
afterEach(() => {
  server?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const at = (file: string): string => `sqlite:${join(folder, file)}`;

async function start(): Promise<{ readonly url: string; readonly ops: string }> {
  writeFileSync(join(folder, 'tasks.json'), TASKS);
  server = fork(MAIN, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      PATH: process.env['PATH'] ?? '',
      PENSTOCK_HOST: '127.0.0.1',
      PENSTOCK_OPS_PORT: '0',
      PENSTOCK_HTTP_PORT: '0',
      [PROFILE_VARIABLE]: encodeProfile(httpServiceProfile(topology, 'front')),
      PENSTOCK_BUS: at('bus.db'),
      PENSTOCK_JOBS: at('jobs.db'),
      PENSTOCK_TASKS: join(folder, 'tasks.json'),
    },
  });
  const [message] = (await once(server, 'message')) as [{ readonly http: number; readonly ops: number }];
  return { url: `http://127.0.0.1:${message.http}`, ops: `http://127.0.0.1:${message.ops}` };
}

test('a job that comes by HTTP is released, done and shown, metrics tell of it, and SIGTERM ends well', async () => {
  const admin = await openBusAdmin(at('bus.db'));
  await admin.provision(workerProfile(topology, 'shipper').queue);
  await admin.close();
  await provisionJobStore(at('jobs.db'));
  const { url, ops } = await start();
  const add = () =>
    fetch(`${url}/v1/queues/orders/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
      body: JSON.stringify({ task: 'ship', payload: { order: 'o-1' } }),
    });
  const first = await add();
  expect(first.status).toBe(201);
  expect((await add()).status).toBe(200);
  const { id } = (await first.json()) as { readonly id: string };

  const done = Promise.withResolvers<string>();
  const ship = defineTask({
    name: 'ship',
    payload: z.object({ order: z.string() }),
    result: z.object({ at: z.string() }),
  });
  const store = await openJobStore(at('jobs.db'));
  const bus = await openBus(at('bus.db'));
  const profile = workerProfile(topology, 'shipper');
  const log = pino({ level: 'silent' });
  const runner = new JobRunner({
    store,
    handlers: [
      handle(ship, async ({ payload }) => {
        done.resolve(payload.order);
        return { at: 'the door' };
      }),
    ],
    worker: 'test',
    leaseMs: profile.queue.ackWaitMs,
    log,
  });
  const worker = startWorker({ profile, queue: await bus.bind(profile.queue), handler: runner.handler, log });
  expect(await done.promise).toBe('o-1');
  await worker.drain();
  await runner.close();
  await bus.close();
  await store.close();

  expect(await (await fetch(`${url}/v1/jobs/${id}`)).json()).toMatchObject({
    state: 'succeeded',
    result: { at: 'the door' },
    attempt: 1,
  });
  const metrics = await (await fetch(`${ops}/metrics`)).text();
  expect(metrics).toMatch(/^penstock_jobs\{queue="orders",state="succeeded"[^}]*\} 1$/m);
  expect(metrics).toMatch(/^penstock_jobs_requests_total\{queue="orders",outcome="duplicate"[^}]*\} 1$/m);
  // Under the names that its scalers ask for.
  expect(metrics).toMatch(new RegExp(`^${JOB_METRICS.backlog}\\{queue="orders"[^}]*\\} 0$`, 'm'));
  expect(metrics).toMatch(new RegExp(`^${JOB_METRICS.arrived}\\{queue="orders"[^}]*\\} 1$`, 'm'));
  expect(metrics).toMatch(/^penstock_dispatcher_leads\{queue="orders"[^}]*\} 1$/m);
  const exit = once(server as ChildProcess, 'exit');
  server?.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
}, 60_000);
