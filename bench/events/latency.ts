import { setTimeout as pause } from 'node:timers/promises';
import { OutboxRelay } from '@penstock/kit/events';
import { type EventStage, eventOf } from './stage.ts';

const EVENTS = 400;
const WARM_UP = 50;
const PAUSE_MS = 20;

/** Milliseconds from before the append until a reader has the event, one event at a time: half and ninety-nine of a hundred. */
export async function idleLatency({
  log,
  newTopic,
  openDatabase,
}: EventStage): Promise<{ readonly p50: number; readonly p99: number }> {
  const { type, topic } = await newTopic();
  const database = await openDatabase();
  await using relay = new OutboxRelay({ database, log, owner: 'bench' });
  relay.start();
  await using consumer = await log.join({ group: `${topic}.readers`, topics: [topic], startAt: 'earliest' });
  while (consumer.assigned.length === 0) await consumer.poll({ waitMs: 100 });
  const times: number[] = [];
  for (let n = 0; n < EVENTS; n++) {
    await pause(PAUSE_MS);
    const startedAt = performance.now();
    const appended = database.run('append', [eventOf(type, n)], Date.now());
    for (let found = 0; found === 0; ) {
      const batches = await consumer.poll({ waitMs: 1_000 });
      found = batches.reduce((sum, { records }) => sum + records.length, 0);
    }
    if (n >= WARM_UP) times.push(performance.now() - startedAt);
    await appended;
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
