import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { addressesOf, listenError, openBus, portOf, runService } from '@penstock/kit';
import { type DispatchedQueue, Dispatcher, dispatchTimesOf, openJobStore, releasePolicyOf } from '@penstock/kit/jobs';
import { taskQueue } from '../service.ts';
import { createApi } from './api.ts';
import { JobInstruments } from './instruments.ts';
import { JobDesk } from './job-desk.ts';
import { readTasks } from './registered-tasks.ts';
import { ScheduleDesk } from './schedule-desk.ts';

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

await runService(taskQueue, process, process.env, async ({ profile, env, host, log }) => {
  const addresses = addressesOf(env, ['PENSTOCK_JOBS', 'PENSTOCK_BUS', 'PENSTOCK_TASKS']);
  const source = addresses.PENSTOCK_TASKS;
  const tasks = readTasks(await readFile(source, 'utf8'), source);
  await using opened = new AsyncDisposableStack();
  const bus = await openBus(addresses.PENSTOCK_BUS);
  opened.defer(() => bus.close());
  const store = opened.use(await openJobStore(addresses.PENSTOCK_JOBS));
  const instruments = new JobInstruments();
  const queues = Object.values(profile.publishes).map(({ id }) => id);
  const desk = new JobDesk({ store, queues, tasks, instruments });
  const schedules = new ScheduleDesk(desk);
  const policy = releasePolicyOf(tasks.map(({ task }) => task));
  const targets = await Promise.all(
    Object.values(profile.publishes).map(
      async (queue): Promise<DispatchedQueue> => ({
        queue: queue.id,
        bus: await bus.bind(queue),
        window: queue.maxAckPending,
        policy,
        times: dispatchTimesOf(queue),
        scheduleOf: (row) => schedules.scheduleOf(row),
      }),
    ),
  );
  const dispatcher = opened.use(new Dispatcher({ store, queues: targets, owner: randomUUID(), log }));
  opened.defer(instruments.observe({ queues, store, dispatcher }));
  const api = createApi({ desk, deadlineMs: profile.deadlineMs, isLoopback: LOOPBACK.includes(host), log });
  opened.defer(() => api.close());
  const port = portOf(env, 'PENSTOCK_HTTP_PORT', taskQueue.ports.http);
  try {
    await api.listen({ host, port });
  } catch (error) {
    throw listenError(error, host, port);
  }
  dispatcher.start();
  const running = opened.move();
  return {
    http: (api.server.address() as { readonly port: number }).port,
    notReady: () => undefined,
    failed: new Promise<never>(() => {}),
    // In the order opposite to that of opening: no request finds the store closed.
    drain: () => running.disposeAsync(),
  };
});
