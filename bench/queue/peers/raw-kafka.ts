import { Admin, Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka';
import { type Contestant, Countdown, jobOf } from '../contestant.ts';

const ALL_IN_SYNC = -1;

/** The client without us: an idempotent producer, and a commit whenever `concurrency` items are done. */
export async function openRawKafka(broker: string, settings: string): Promise<Contestant> {
  const connection = { clientId: 'raw', bootstrapBrokers: [broker] };
  const admin = new Admin(connection);
  let opened = 0;
  return {
    name: 'kafka.js',
    settings: `${settings}, idempotent, acks=all, commits awaited, one for every concurrency items`,
    async open(concurrency) {
      opened += 1;
      const topic = `raw-${opened}`;
      await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
      const producer = new Producer({ ...connection, idempotent: true, acks: ALL_IN_SYNC });
      return {
        async add(index) {
          const job = jobOf(index);
          const message = { topic, key: Buffer.from(job.id), value: Buffer.from(JSON.stringify(job)) };
          await producer.send({ messages: [message] });
        },
        async process(jobs) {
          const consumer = new Consumer({ ...connection, groupId: topic });
          const countdown = new Countdown(jobs);
          const stream = await consumer.consume({
            topics: [topic],
            mode: MessagesStreamModes.EARLIEST,
            autocommit: false,
            maxWaitTime: 100,
          });
          let taken = 0;
          for await (const message of stream) {
            JSON.parse(String(message.value));
            taken += 1;
            if (taken % concurrency === 0 || taken === jobs) await message.commit();
            countdown.settled();
            if (taken === jobs) break;
          }
          await countdown.done;
          const elapsedMs = countdown.elapsedMs();
          await consumer.close(true);
          return elapsedMs;
        },
        async [Symbol.asyncDispose]() {
          await producer.close();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await admin.close();
    },
  };
}
