import { flushCompileCache } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { KitError } from '@penstock/kit';
import type { Delivery } from './check.ts';
import { CLOCK_CHANNEL } from './clock.ts';
import type { EventTask } from './event-process.ts';
import type { JobTask } from './job-process.ts';
import type { WorkerTask } from './worker.ts';

// What the processes of the lab have in common: they serve one run after another for as long as nobody kills them, and
// tell their parent what they do.

export type ToProcess =
  | { readonly kind: 'start'; readonly task: WorkerTask | JobTask | EventTask }
  | { readonly kind: 'jump'; readonly offsetMs: number }
  | { readonly kind: 'end' };

export type FromProcess =
  | { readonly kind: 'up' | 'started' | 'applied' | 'ended' }
  | { readonly kind: 'begun'; readonly delivery: Delivery }
  | { readonly kind: 'stepping'; readonly job: string; readonly attempt: number }
  | { readonly kind: 'broken'; readonly reason: string };

const RECONNECT_MS = 100;

export const tell = (message: FromProcess): void => void process.send?.(message);

/** An attempt that fails for good. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly retryable = false;
}

/** Tries until it works or the run is over: a process may be started while its backbone is away. */
export async function insist<T>(work: () => Promise<T>, ended: AbortSignal): Promise<T | undefined> {
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

/** @param serve resolves when its task was ended, by the signal */
export function serveRuns<Task extends WorkerTask | JobTask | EventTask>(
  serve: (task: Task, ended: AbortSignal) => Promise<void>,
): void {
  const channel = new BroadcastChannel(CLOCK_CHANNEL);
  let end = new AbortController();
  process.on('message', (message: ToProcess) => {
    switch (message.kind) {
      case 'start':
        end = new AbortController();
        serve(message.task as Task, end.signal)
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
  // Node keeps what it compiled when a process ends by itself, which few of these do.
  flushCompileCache();
}
