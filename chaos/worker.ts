import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { KitError, openBus, startWorker } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import { pino } from 'pino';
import { effectOf, openHistory } from './history.ts';
import type { PlannedItem } from './plan.ts';
import { insist, Refused, serveRuns, tell } from './process.ts';

// A worker as a team writes one.

export interface WorkerTask {
  readonly bus: string;
  readonly history: string;
  readonly profile: QueueProfile;
  readonly concurrency: number;
  readonly prefetch: number;
  /** False: effects are written past the effect store, as by a worker that knows no fence. */
  readonly isFenced: boolean;
}

const DRAIN_MS = 5_000;
/** The keys of effects that are to be applied however often: no two are the same. */
let unfencedEffects = 0;

serveRuns(async (task: WorkerTask, ended) => {
  await using history = await openHistory(task.history);
  const bus = await insist(() => openBus(task.bus), ended);
  if (bus === undefined) return;
  const queue = await insist(() => bus.bind(task.profile), ended);
  if (queue === undefined) return bus.close();
  const worker = startWorker({
    profile: { id: 'chaos', concurrency: task.concurrency, prefetch: task.prefetch, drainMs: DRAIN_MS },
    queue,
    log: pino({ level: 'silent' }),
    async handler({ id, idempotencyKey: key, payload, attempt, token }) {
      const { workMs, failures } = JSON.parse(Buffer.from(payload).toString()) as PlannedItem;
      tell({ kind: 'begun', delivery: { item: key, id, attempt, token } });
      if (task.isFenced && (await history.begin(key, token)) === 'applied') return;
      await pause(workMs);
      if (failures === 'refused') throw new Refused('refused for good');
      if (failures === 'always' || attempt <= failures)
        throw new KitError('storage-failed', `attempt ${attempt} of ${key} fails as planned`);
      unfencedEffects += 1;
      const name = task.isFenced ? key : `${process.pid} ${unfencedEffects}`;
      await history.apply(name, token, effectOf(key, token));
      tell({ kind: 'applied' });
    },
  });
  worker.closed.catch((error: unknown) => tell({ kind: 'broken', reason: String(error) }));
  tell({ kind: 'started' });
  if (!ended.aborted) await once(ended, 'abort');
  // A bus that failed for good has nothing left to drain.
  await worker.drain().catch(() => {});
  await bus.close();
});
