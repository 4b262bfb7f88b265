import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EventDatabase,
  type Log,
  type OutboxEvent,
  openEvents,
  openLog,
  openLogAdmin,
  provisionEvents,
} from '@penstock/kit/events';
import { KafkaBroker } from '../../test/helpers/kafka-broker.ts';

export const PARTITIONS = 3;
const PAYLOAD = Buffer.alloc(256, 'x');
const AGGREGATES = 1_000;

/** One broker, one log over it, and an SQLite file for outbox, inbox and streams. */
export interface EventStage extends AsyncDisposable {
  readonly broker: string;
  readonly log: Log;
  /** A new file. */
  readonly openDatabase: () => Promise<EventDatabase>;
  /** A new topic, empty. */
  readonly newTopic: () => Promise<{ readonly type: string; readonly topic: string }>;
}

export const eventOf = (type: string, index: number): OutboxEvent => ({
  id: `${type}-${index}`,
  aggregateType: type,
  aggregateId: `aggregate-${index % AGGREGATES}`,
  type: 'Measured',
  payload: PAYLOAD,
});

export async function openStage(): Promise<EventStage> {
  const stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bench-events-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const broker = stack.use(await KafkaBroker.start());
  const url = `kafka://${broker.address}`;
  const admin = stack.use(await openLogAdmin(url));
  const log = stack.use(await openLog(url));
  let opened = 0;
  return {
    broker: broker.address,
    log,
    async openDatabase() {
      opened += 1;
      const file = `sqlite:${join(folder, `events-${opened}.db`)}`;
      await provisionEvents(file, { schema: ['CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY)'] });
      return stack.use(await openEvents(file));
    },
    async newTopic() {
      opened += 1;
      const type = `run-${opened}`;
      const topic = `outbox.event.${type}`;
      await admin.provision({ name: topic, partitions: PARTITIONS });
      return { type, topic };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
