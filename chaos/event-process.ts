import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { EventConsumer, followEvents, type LogRecord, OutboxRelay, openEvents, openLog } from '@penstock/kit/events';
import type { PlannedItem } from './plan.ts';
import { insist, Refused, serveRuns, tell } from './process.ts';

// A consumer of events or a relay, as a team writes one.

export interface EventTask {
  readonly role: 'consumer' | 'relay';
  readonly database: string;
  readonly log: string;
  readonly topic: string;
  readonly deadLetters: string;
  readonly group: string;
  readonly concurrency: number;
  /** The relay follows the log of the database. */
  readonly isFollowing: boolean;
}

/** Short, so that what a killed process held comes back within a run. */
const LEAD_MS = 1_500;
const SESSION_MS = 1_500;
const ATTEMPTS = 4;
const BACKOFF_MS = 5;
const LOOK_MS = 10;

serveRuns(async (task: EventTask, ended) => {
  const database = await insist(() => openEvents(task.database), ended);
  const log = await insist(() => openLog(task.log), ended);
  if (database !== undefined && log !== undefined) {
    const part =
      task.role === 'relay'
        ? new OutboxRelay({
            database,
            log,
            owner: `process-${process.pid}-${performance.now()}`,
            leadMs: LEAD_MS,
            batch: 10,
            ...(task.isFollowing ? { follow: await followEvents(task.database) } : {}),
          })
        : new EventConsumer({
            database,
            log,
            group: task.group,
            topics: [task.topic],
            sessionMs: SESSION_MS,
            order: 'key',
            batch: 4,
            concurrency: task.concurrency,
            attempts: ATTEMPTS,
            backoffMs: BACKOFF_MS,
            deadLetters: task.deadLetters,
            commitMs: 50,
            handle: effectOf,
          });
    part.start();
    tell({ kind: 'started' });
    const told = part instanceof EventConsumer ? tellApplied(part, ended) : undefined;
    if (!ended.aborted) await once(ended, 'abort');
    await part.close();
    await told;
  }
  await log?.close();
  await database?.close();
});

const failures = new Map<string, number>();

/** A failure of a handler's own, which another attempt may find gone. */
class Planned extends Error {
  override readonly name = 'Planned';
}

async function effectOf(record: LogRecord) {
  const item = JSON.parse(Buffer.from(record.value ?? []).toString()) as PlannedItem;
  const delivery = { item: item.key, id: item.key, attempt: 1, token: 0 };
  tell({ kind: 'begun', delivery });
  await pause(item.workMs);
  if (item.failures === 'refused') throw new Refused('refused for good');
  const failed = failures.get(item.key) ?? 0;
  if (typeof item.failures === 'number' && failed < item.failures) {
    failures.set(item.key, failed + 1);
    throw new Planned(`fails as planned, ${failed + 1}`);
  }
  return {
    statements: [
      { sql: 'INSERT INTO chaos_effects (item, aggregate) VALUES ($1, $2)', params: [item.key, record.key as string] },
    ],
  };
}

async function tellApplied(consumer: EventConsumer, ended: AbortSignal): Promise<void> {
  for (let told = 0; !ended.aborted; await pause(LOOK_MS))
    for (; told < consumer.state.applied; told += 1) tell({ kind: 'applied' });
}
