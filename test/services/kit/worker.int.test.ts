import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Handler, KitError, OpsServer, openBus, openBusAdmin, startTelemetry, startWorker } from '@penstock/kit';
import { pino } from 'pino';
import { QUEUE_PROFILE } from './fake-queue.ts';

test('a worker on the embedded broker does, repeats, buries and hands back, and counts each', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-worker-'));
  const address = `sqlite:${join(folder, 'bus.db')}`;
  const telemetry = await startTelemetry({ service: 'mail-classifier', instance: 'classify' });
  const ops = await OpsServer.listen({ host: '127.0.0.1', port: 0, handleMetrics: telemetry.handleMetrics });
  const admin = await openBusAdmin(address);
  await admin.provision(QUEUE_PROFILE);
  await admin.close();
  const bus = await openBus(address);
  const queue = await bus.bind(QUEUE_PROFILE);

  const attempts: string[] = [];
  const held = Promise.withResolvers<void>();
  const repeated = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  const handler: Handler = async ({ idempotencyKey: key, attempt }) => {
    attempts.push(`${key} ${attempt}`);
    if (key === 'wrong') throw new KitError('request-refused', 'never');
    if (key === 'flaky' && attempt === 1) throw new KitError('engine-failed', 'not now');
    if (key === 'flaky') repeated.resolve();
    if (key === 'busy' && attempts.filter((one) => one === 'busy 1').length === 1)
      throw new KitError('engine-overloaded', 'not now');
    if (key === 'busy') taken.resolve();
    if (key === 'stuck') {
      held.resolve();
      await new Promise(() => {});
    }
  };
  for (const key of ['plain', 'wrong', 'flaky', 'busy', 'stuck'])
    await queue.publish({ idempotencyKey: key, payload: new Uint8Array() });
  const worker = startWorker({
    profile: { id: 'classify', concurrency: 5, prefetch: 5, drainMs: 0 },
    queue,
    handler,
    log: pino({ level: 'silent' }),
  });
  await Promise.all([held.promise, repeated.promise, taken.promise]);
  // The drain time of 0 would cut off the second attempt as well.
  while ((await queue.depth()).leased > 1);
  const metrics = await (await fetch(`http://127.0.0.1:${ops.port}/metrics`)).text();
  await worker.drain();

  expect(attempts.toSorted()).toEqual(['busy 1', 'busy 1', 'flaky 1', 'flaky 2', 'plain 1', 'stuck 1', 'wrong 1']);
  expect(await queue.depth()).toEqual({ ready: 1, delayed: 0, leased: 0, deadLettered: 1 });
  const [letter] = await queue.deadLetters();
  expect(letter).toMatchObject({
    idempotencyKey: 'wrong',
    attempts: 1,
    history: [{ reason: 'KitError: never [request-refused]' }],
  });
  expect(metrics).toMatch(/messaging_client_consumed_messages_total\{[^}]*outcome="dead-lettered"[^}]*\} 1/);
  expect(metrics).toMatch(/messaging_client_consumed_messages_total\{[^}]*outcome="retried"[^}]*\} 1/);
  expect(metrics).toMatch(/messaging_process_duration_bucket\{[^}]*le="0.005"/);
  expect(metrics).toMatch(/penstock_queue_latency_bucket\{[^}]*le="600"/);
  expect(metrics).toMatch(/penstock_queue_depth\{[^}]*state="leased"[^}]*\} 1/);

  await bus.close();
  await ops.close();
  await telemetry.shutdown();
  await rm(folder, { recursive: true });
});
