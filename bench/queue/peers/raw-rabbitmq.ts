import { Connection } from 'rabbitmq-client';
import { type Contestant, Countdown, jobOf } from '../contestant.ts';

/** The client without us: confirmed publishes and acks that nobody confirms, but for a last question to the server. */
export async function openRawRabbitmq(url: string, settings: string): Promise<Contestant> {
  const connection = new Connection({ url: url.replace('//', '//guest:guest@'), noDelay: true });
  connection.on('error', () => {});
  const channel = await connection.acquire();
  await channel.confirmSelect();
  let opened = 0;
  return {
    name: 'rabbitmq-client',
    settings: `${settings}, durable, mandatory, confirms, prefetch = concurrency, acks unconfirmed`,
    async open(concurrency) {
      opened += 1;
      const queue = `raw.${opened}`;
      await channel.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
      return {
        async add(index) {
          const job = jobOf(index);
          const envelope = { routingKey: queue, durable: true, mandatory: true, messageId: job.id };
          await channel.basicPublish(envelope, Buffer.from(JSON.stringify(job)));
        },
        async process(jobs) {
          const taking = await connection.acquire();
          await taking.basicQos({ prefetchCount: concurrency });
          const countdown = new Countdown(jobs);
          await taking.basicConsume({ queue }, ({ body, deliveryTag }) => {
            JSON.parse(String(body));
            taking.basicAck({ deliveryTag });
            countdown.settled();
          });
          await countdown.done;
          await taking.basicQos({ prefetchCount: concurrency });
          const elapsedMs = countdown.elapsedMs();
          await taking.close();
          return elapsedMs;
        },
        async [Symbol.asyncDispose]() {
          await channel.queueDelete({ queue });
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await channel.close();
      await connection.close();
    },
  };
}
