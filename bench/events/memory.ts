import { setTimeout as pause } from 'node:timers/promises';
import { EventConsumer, OutboxRelay } from '@penstock/kit/events';
import { type EventStage, eventOf } from './stage.ts';

const EVENTS_PER_SECOND = 1_000;
const BATCH = 50;
const SAMPLES_PER_MINUTE = 2;

export interface MemorySample {
  readonly minute: number;
  /** After a collection. */
  readonly heapMib: number;
  readonly rssMib: number;
}

/** Outbox, relay, log and inbox at a steady rate: what the process keeps, twice a minute. Needs `--expose-gc`. */
export async function memoryOver(
  { log, newTopic, openDatabase }: EventStage,
  minutes: number,
): Promise<readonly MemorySample[]> {
  const { type, topic } = await newTopic();
  const database = await openDatabase();
  await using relay = new OutboxRelay({ database, log, owner: 'bench' });
  relay.start();
  await using consumer = new EventConsumer({
    log,
    database,
    group: `${topic}.readers`,
    topics: [topic],
    windowMs: 10_000,
    handle: () => ({}),
  });
  consumer.start();
  const samples: MemorySample[] = [];
  const startedAt = performance.now();
  for (let index = 0; ; ) {
    const elapsed = performance.now() - startedAt;
    if (elapsed > samples.length * (60_000 / SAMPLES_PER_MINUTE)) {
      globalThis.gc?.();
      const { heapUsed, rss } = process.memoryUsage();
      samples.push({ minute: elapsed / 60_000, heapMib: heapUsed / 2 ** 20, rssMib: rss / 2 ** 20 });
    }
    if (elapsed > minutes * 60_000) return samples;
    const events = Array.from({ length: BATCH }, () => eventOf(type, index++));
    await database.run('append', events, Date.now());
    await pause(Math.max(0, startedAt + (1_000 * index) / EVENTS_PER_SECOND - performance.now()));
  }
}
