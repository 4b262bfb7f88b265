import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { KitError, openBus, type Queue, startWorker } from '@penstock/kit';
import {
  Dispatcher,
  type HandledJob,
  handle,
  type JobContext,
  JobRunner,
  type JobStore,
  openJobStore,
  releasePolicyOf,
} from '@penstock/kit/jobs';
import type { QueueProfile } from '@penstock/model';
import { pino } from 'pino';
import { appliedRow, stepEffectRow } from './job-history.ts';
import { TASKS } from './job-tasks.ts';
import type { PlannedItem } from './plan.ts';
import { insist, Refused, serveRuns, tell } from './process.ts';

// A worker or a dispatcher of a queue of jobs, as a team writes one.

export interface JobTask {
  readonly role: 'worker' | 'dispatcher';
  readonly store: string;
  readonly bus: string;
  readonly profile: QueueProfile;
  readonly concurrency: number;
  readonly prefetch: number;
}

const DRAIN_MS = 5_000;
/** Short, so that what a killed process held comes back within a run. */
const TIMES = { leadMs: 1_500, unbegunMs: 3_000, graceMs: 1_000, lookMs: 300 } as const;
const log = pino({ level: 'silent' });
const owner = `process-${process.pid}`;

serveRuns(async (task: JobTask, ended) => {
  const store = await insist(() => openJobStore(task.store), ended);
  const bus = await insist(() => openBus(task.bus), ended);
  const queue = bus === undefined ? undefined : await insist(() => bus.bind(task.profile), ended);
  if (store !== undefined && queue !== undefined)
    await (task.role === 'worker' ? work(task, store, queue, ended) : dispatch(task, store, queue, ended));
  await bus?.close();
  await store?.close();
});

async function work(task: JobTask, store: JobStore, queue: Queue, ended: AbortSignal): Promise<void> {
  const runner = new JobRunner({
    store,
    handlers: TASKS.map((known) => handle(known, run)),
    worker: owner,
    leaseMs: task.profile.ackWaitMs,
    log,
  });
  const profile = { id: 'chaos', concurrency: task.concurrency, prefetch: task.prefetch, drainMs: DRAIN_MS };
  const worker = startWorker({ profile, queue, handler: runner.handler, log });
  worker.closed.catch((error: unknown) => tell({ kind: 'broken', reason: String(error) }));
  tell({ kind: 'started' });
  if (!ended.aborted) await once(ended, 'abort');
  await worker.drain().catch(() => {});
  await runner.close();
}

async function run(job: HandledJob<PlannedItem>, context: JobContext): Promise<void> {
  const { key, workMs, failures, hasStep } = job.payload;
  tell({ kind: 'begun', delivery: { item: key, id: job.id, attempt: job.attempt, token: 0 } });
  if (hasStep === true)
    await context.step('reserve', async (scope) => {
      tell({ kind: 'stepping', job: job.id, attempt: job.attempt });
      scope.effect({ statements: [stepEffectRow(job.queue, job.id, job.attempt)] });
      await pause(workMs);
      return key;
    });
  await pause(workMs);
  if (failures === 'refused') throw new Refused('refused for good');
  if (failures === 'always' || job.attempt <= failures)
    throw new KitError('storage-failed', `attempt ${job.attempt} of ${key} fails as planned`);
  context.effect({ statements: [appliedRow(job.queue, job.id, job.attempt)] });
  tell({ kind: 'applied' });
}

async function dispatch(task: JobTask, store: JobStore, queue: Queue, ended: AbortSignal): Promise<void> {
  const { id, maxAckPending } = task.profile;
  const policy = releasePolicyOf(TASKS);
  const queues = [{ queue: id, bus: queue, window: maxAckPending, policy, times: TIMES }];
  const dispatcher = new Dispatcher({ store, queues, owner: `${owner}-${performance.now()}`, log });
  dispatcher.start();
  tell({ kind: 'started' });
  if (!ended.aborted) await once(ended, 'abort');
  await dispatcher.close();
}
