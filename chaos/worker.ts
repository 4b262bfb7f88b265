import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { KitError, openBus, startWorker } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import { pino } from 'pino';
import type { Delivery } from './check.ts';
import { CLOCK_CHANNEL } from './clock.ts';
import { effectOf, openHistory } from './history.ts';
import type { PlannedItem } from './plan.ts';

// A worker as a team writes one, in a process of its own, that tells its parent what it does and serves one run after
// another for as long as nobody kills it.

export interface WorkerTask {
  readonly bus: string;
  readonly history: string;
  readonly profile: QueueProfile;
  readonly concurrency: number;
  readonly prefetch: number;
  /** False: effects are written past the effect store, as by a worker that knows no fence. */
  readonly isFenced: boolean;
}

export type ToWorker =
  | { readonly kind: 'start'; readonly task: WorkerTask }
  | { readonly kind: 'jump'; readonly offsetMs: number }
  | { readonly kind: 'end' };

export type FromWorker =
  | { readonly kind: 'up' | 'started' | 'applied' | 'ended' }
  | { readonly kind: 'begun'; readonly delivery: Delivery }
  | { readonly kind: 'broken'; readonly reason: string };

const RECONNECT_MS = 100;
const DRAIN_MS = 5_000;
/** The keys of effects that are to be applied however often: no two are the same. */
let unfencedEffects = 0;

const tell = (message: FromWorker): void => void process.send?.(message);
const channel = new BroadcastChannel(CLOCK_CHANNEL);

class Refused extends Error {
  override readonly name = 'Refused';
  readonly retryable = false;
}

async function serve(task: WorkerTask, ended: AbortSignal): Promise<void> {
  await using history = await openHistory(task.history);
  const bus = await untilOpen(task.bus, ended);
  if (bus === undefined) return;
  const queue = await untilBound(bus, task.profile, ended);
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
      if (attempt <= failures) throw new KitError('storage-failed', `attempt ${attempt} of ${key} fails as planned`);
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
}

const untilOpen = (url: string, ended: AbortSignal) => insist(() => openBus(url), ended);
const untilBound = (bus: Awaited<ReturnType<typeof openBus>>, profile: QueueProfile, ended: AbortSignal) =>
  insist(() => bus.bind(profile), ended);

/** Tries until it works or the run is over: a worker may be started while its backbone is away. */
async function insist<T>(work: () => Promise<T>, ended: AbortSignal): Promise<T | undefined> {
  while (!ended.aborted) {
    try {
      return await work();
    } catch (error) {
      if (!KitError.is(error) || !error.retryable) throw error;
      await pause(RECONNECT_MS);
    }
  }
  return undefined;
}

let end = new AbortController();
process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start':
      end = new AbortController();
      serve(message.task, end.signal)
        .catch((error: unknown) => tell({ kind: 'broken', reason: String(error) }))
        .finally(() => tell({ kind: 'ended' }));
      return;
    case 'jump':
      // A channel does not hear itself, and this thread has one of its own: all hear it.
      channel.postMessage(message.offsetMs);
      return;
    case 'end':
      end.abort();
  }
});
process.once('disconnect', () => process.exit());
tell({ kind: 'up' });
