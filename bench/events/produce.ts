import { OutboxRelay, routedRecord } from '@penstock/kit/events';
import { Producer } from '@platformatic/kafka';
import { type EventStage, eventOf, PARTITIONS } from './stage.ts';
import { untilDone } from './until-done.ts';

const ALL_IN_SYNC = -1;
const BATCH = 1_000;
const APPENDS = 10;

/** Events a second. */
export type Measure = (stage: EventStage, events: number) => Promise<number>;

const perSecond = (events: number, startedAt: number): number => (1_000 * events) / (performance.now() - startedAt);

/** The client without us: idempotent, acks of all in sync, the same records, batches of 1,000 awaited one by one. */
export const rawProducer: Measure = async ({ broker, newTopic }, events) => {
  const { type, topic } = await newTopic();
  const producer = new Producer({
    clientId: 'raw',
    bootstrapBrokers: [broker],
    idempotent: true,
    acks: ALL_IN_SYNC,
  });
  const messages = Array.from({ length: events }, (_, index) => {
    const { aggregateId, id, payload } = eventOf(type, index);
    const headers = new Map([
      [Buffer.from('id'), Buffer.from(id)],
      [Buffer.from('type'), Buffer.from('Measured')],
    ]);
    return {
      topic,
      partition: index % PARTITIONS,
      key: Buffer.from(aggregateId),
      value: Buffer.from(payload ?? []),
      headers,
    };
  });
  await producer.send({ messages: messages.slice(0, 1) });
  const startedAt = performance.now();
  for (let at = 0; at < events; at += BATCH) await producer.send({ messages: messages.slice(at, at + BATCH) });
  const rate = perSecond(events, startedAt);
  await producer.close();
  return rate;
};

/** What the relay stands on: the same records, the same batches. */
export const logProducer: Measure = async ({ log, newTopic }, events) => {
  const { type, topic } = await newTopic();
  const records = Array.from({ length: events }, (_, index) => routedRecord(eventOf(type, index), topic));
  await log.produce(records.slice(0, 1));
  const startedAt = performance.now();
  for (let at = 0; at < events; at += BATCH) await log.produce(records.slice(at, at + BATCH));
  return perSecond(events, startedAt);
};

/** From a full outbox until it is empty: what was published is out of the table, durably. */
export const relay: Measure = async ({ log, newTopic, openDatabase }, events) => {
  const { type } = await newTopic();
  const database = await openDatabase();
  for (let at = 0; at < events; at += BATCH * APPENDS)
    await Promise.all(
      Array.from({ length: Math.min(APPENDS, Math.ceil((events - at) / BATCH)) }, (_, n) =>
        database.run(
          'append',
          Array.from({ length: Math.min(BATCH, events - at - n * BATCH) }, (__, index) =>
            eventOf(type, at + n * BATCH + index),
          ),
          Date.now(),
        ),
      ),
    );
  const outbox = new OutboxRelay({ database, log, owner: 'bench' });
  const startedAt = performance.now();
  outbox.start();
  await untilDone(async () => outbox.state.published >= events && (await database.run('measureOutbox')).waiting === 0);
  const rate = perSecond(events, startedAt);
  await outbox.close();
  return rate;
};
