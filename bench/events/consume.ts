import { EventConsumer, type Log, routedRecord, TopicConsumer } from '@penstock/kit/events';
import { Consumer, MessagesStreamModes } from '@platformatic/kafka';
import type { Measure } from './produce.ts';
import { eventOf } from './stage.ts';
import { untilDone } from './until-done.ts';

const BATCH = 500;

async function fill(log: Log, topic: string, type: string, events: number): Promise<void> {
  for (let at = 0; at < events; at += BATCH)
    await log.produce(
      Array.from({ length: Math.min(BATCH, events - at) }, (_, index) =>
        routedRecord(eventOf(type, at + index), topic),
      ),
    );
}

/** From the first record that comes, so that joining a group is nobody's. */
class Count {
  readonly #of: number;
  #seen = 0;
  #startedAt = 0;
  #endedAt = 0;

  constructor(of: number) {
    this.#of = of;
  }

  add(count: number): void {
    if (this.#seen === 0) this.#startedAt = performance.now();
    this.#seen += count;
    if (this.#seen >= this.#of && this.#endedAt === 0) this.#endedAt = performance.now();
  }

  get isDone(): boolean {
    return this.#seen >= this.#of;
  }

  get perSecond(): number {
    return (1_000 * this.#of) / (this.#endedAt - this.#startedAt);
  }
}

/** The client without us: its stream, and a commit of the last of every 500 messages. */
export const rawConsumer: Measure = async ({ broker, log, newTopic }, events) => {
  const { type, topic } = await newTopic();
  await fill(log, topic, type, events);
  const consumer = new Consumer({ clientId: 'raw', bootstrapBrokers: [broker], groupId: `${topic}.raw` });
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
    maxWaitTime: 100,
  });
  const count = new Count(events);
  let taken = 0;
  for await (const message of stream) {
    count.add(1);
    taken += 1;
    if (taken % BATCH === 0) await message.commit();
    if (count.isDone) break;
  }
  await consumer.close(true);
  return count.perSecond;
};

/** Ours below everything: polls, and a commit for each. */
export const logConsumer: Measure = async ({ log, newTopic }, events) => {
  const { type, topic } = await newTopic();
  await fill(log, topic, type, events);
  await using consumer = await log.join({ group: `${topic}.log`, topics: [topic], startAt: 'earliest' });
  const count = new Count(events);
  while (!count.isDone)
    for (const { from, records } of await consumer.poll({ limit: BATCH })) {
      count.add(records.length);
      await consumer.commit(from, (records.at(-1)?.offset ?? 0) + 1);
    }
  return count.perSecond;
};

/** Lanes by key, a window, commits of what is done without a gap; the handler does nothing. */
export const topicConsumer: Measure = async ({ log, newTopic }, events) => {
  const { type, topic } = await newTopic();
  await fill(log, topic, type, events);
  const count = new Count(events);
  await using consumer = new TopicConsumer({
    log,
    group: `${topic}.topic`,
    topics: [topic],
    window: 4 * BATCH,
    concurrency: BATCH,
    decode: (record) => record.value,
    handle: () => count.add(1),
  });
  consumer.start();
  await untilDone(() => count.isDone);
  return count.perSecond;
};

/** An effect and the id of its event in one transaction of SQLite each, synced: what no raw client does. */
export const eventConsumer: Measure = async ({ log, newTopic, openDatabase }, events) => {
  const { type, topic } = await newTopic();
  await fill(log, topic, type, events);
  const database = await openDatabase();
  const count = new Count(events);
  let applied = 0;
  await using consumer = new EventConsumer({
    log,
    database,
    group: `${topic}.events`,
    topics: [topic],
    handle: (record) => ({
      statements: [{ sql: 'INSERT INTO effects (id) VALUES ($1)', params: [`${record.partition}/${record.offset}`] }],
    }),
  });
  consumer.start();
  await untilDone(() => {
    if (consumer.state.applied > applied) count.add(consumer.state.applied - applied);
    applied = consumer.state.applied;
    return count.isDone;
  });
  return count.perSecond;
};
