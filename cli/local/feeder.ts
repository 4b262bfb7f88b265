import { setTimeout as delay } from 'node:timers/promises';
import type { Queue } from '@penstock/kit';
import type { MailSource } from '../input/mail.ts';
import type { RunFolder } from './run-folder.ts';

/** Publishes under way at once: enough for one group commit to be worth its fsync. */
const CHUNK = 32;

export interface FeedOptions {
  readonly source: MailSource;
  readonly queue: Queue;
  readonly run: RunFolder;
  /** Resolves when the backlog has room for more; latency would otherwise only measure how fast we can fill a queue. */
  readonly room: () => Promise<void>;
  /** Mails a second that come, whether there is room or not. @default - as many as there is room for */
  readonly ratePerSecond: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Publishes every mail of the source once, from where an interrupted run left off. A publish whose outcome was not
 * recorded is repeated under the same key: the broker's duplicate window and the effect store make one of the two.
 */
export async function feed({ source, queue, run, room, ratePerSecond, signal }: FeedOptions): Promise<void> {
  let position = 0;
  const startedAt = performance.now();
  const fedBefore = run.fed;
  const turn = async () => {
    if (ratePerSecond === undefined) return room();
    const dueMs = startedAt + ((position - fedBefore) * 1_000) / ratePerSecond - performance.now();
    // An interruption ends the wait as well.
    if (dueMs > 0) await delay(dueMs, undefined, { signal }).catch(() => {});
  };
  // Slow arrivals come one by one, not in chunks with long pauses.
  const chunkSize = Math.max(1, Math.min(CHUNK, Math.round((ratePerSecond ?? CHUNK * 10) / 10)));
  let chunk: Promise<unknown>[] = [];
  const settleChunk = async () => {
    await Promise.all(chunk);
    chunk = [];
    await run.recordFed(position);
  };
  for await (const mail of source.read()) {
    if (signal.aborted) break;
    position++;
    if (position <= run.fed) continue;
    chunk.push(
      queue.publish({
        idempotencyKey: `${run.name}/${mail.id}`,
        payload: new TextEncoder().encode(JSON.stringify(mail)),
      }),
    );
    if (chunk.length === chunkSize) {
      await settleChunk();
      await turn();
    }
  }
  await settleChunk();
}
