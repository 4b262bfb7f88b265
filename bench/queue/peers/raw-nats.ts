import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type Contestant, Countdown, jobOf } from '../contestant.ts';

const NANOSECONDS_PER_SECOND = 1_000_000_000;

/** nats.js without us: message ids, a work queue, the consume callback, confirmed acks. */
export async function openRawNats(url: string, settings: string): Promise<Contestant> {
  const connection = await connect({ servers: url });
  const js = jetstream(connection);
  const manager = await jetstreamManager(connection);
  let opened = 0;
  return {
    name: 'nats.js',
    settings: `${settings}, work queue, msgID, consume({callback, max_messages = concurrency}), ackAck`,
    async open(concurrency) {
      opened += 1;
      const [stream, subject] = [`RAW_${opened}`, `raw.queue.${opened}`];
      await manager.streams.add({
        name: stream,
        subjects: [subject],
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        duplicate_window: 120 * NANOSECONDS_PER_SECOND,
      });
      await manager.consumers.add(stream, {
        durable_name: 'worker',
        ack_policy: AckPolicy.Explicit,
        ack_wait: 60 * NANOSECONDS_PER_SECOND,
        max_ack_pending: 1_000,
      });
      return {
        async add(index) {
          const job = jobOf(index);
          await js.publish(subject, JSON.stringify(job), { msgID: job.id });
        },
        async process(jobs) {
          const consumer = await js.consumers.get(stream, 'worker');
          const countdown = new Countdown(jobs);
          const messages = await consumer.consume({
            max_messages: concurrency,
            callback: (message) => {
              message.json();
              message.ackAck().then((ok) => (ok ? countdown.settled() : countdown.fail('no ack')), countdown.fail);
            },
          });
          await countdown.done;
          const elapsedMs = countdown.elapsedMs();
          await messages.close();
          return elapsedMs;
        },
        async [Symbol.asyncDispose]() {
          await manager.streams.delete(stream);
        },
      };
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
