import { createClient } from '@redis/client';
import { type Contestant, Countdown, jobOf } from '../contestant.ts';

const GROUP = 'workers';
const WINDOW_MS = 120_000;

/** The client without us: a key that dedupes beside the entry, one group, an ack that deletes. */
export async function openRawRedis(port: number, settings: string): Promise<Contestant> {
  const options = { socket: { host: '127.0.0.1', port } };
  const [client, reader] = await Promise.all([createClient(options).connect(), createClient(options).connect()]);
  let opened = 0;
  return {
    name: 'redis.js',
    settings: `${settings}, SET NX and XADD in one transaction, XREADGROUP COUNT free slots, XACK and XDEL in one transaction`,
    async open(concurrency) {
      opened += 1;
      const stream = `raw:${opened}`;
      await client.xGroupCreate(stream, GROUP, '0', { MKSTREAM: true });
      return {
        async add(index) {
          const job = jobOf(index);
          await client
            .multi()
            .set(`${stream}:${job.id}`, '1', { condition: 'NX', expiration: { type: 'PX', value: WINDOW_MS } })
            .xAdd(stream, '*', { job: JSON.stringify(job) })
            .exec();
        },
        async process(jobs) {
          const countdown = new Countdown(jobs);
          let taken = 0;
          let out = 0;
          let freed = Promise.withResolvers<void>();
          const settle = async (id: string): Promise<void> => {
            await client.multi().xAck(stream, GROUP, id).xDel(stream, id).exec();
            out -= 1;
            freed.resolve();
            countdown.settled();
          };
          while (taken < jobs) {
            if (out === concurrency) await freed.promise;
            freed = Promise.withResolvers();
            const from = { key: stream, id: '>' };
            const reply = await reader.xReadGroup(GROUP, 'me', from, { COUNT: concurrency - out, BLOCK: 1_000 });
            const streams = (reply ?? []) as unknown as readonly {
              readonly messages: readonly { readonly id: string; readonly message: Readonly<Record<string, string>> }[];
            }[];
            for (const { id, message } of streams.flatMap(({ messages }) => messages)) {
              JSON.parse(message['job'] ?? '');
              taken += 1;
              out += 1;
              settle(id).catch(countdown.fail);
            }
          }
          await countdown.done;
          return countdown.elapsedMs();
        },
        async [Symbol.asyncDispose]() {
          await client.del(stream);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([client.close(), reader.close()]);
    },
  };
}
