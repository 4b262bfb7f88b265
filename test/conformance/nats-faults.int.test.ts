import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Bus, type Lease, openBus, openBusAdmin, type Queue } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import { AttemptJournal } from '../../services/kit/src/bus/nats/attempt-journal.ts';
import { connectNats } from '../../services/kit/src/bus/nats/connection.ts';
import { RequestLane } from '../../services/kit/src/bus/nats/request-lane.ts';
import { NatsServer, natsRequirement } from '../helpers/nats-server.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testProfile } from './bus/profile.ts';
import { encode, Taker } from './bus/suite.ts';

const TIMEOUT_MS = 60_000;

describeWith(natsRequirement(), 'NATS JetStream under faults', () => {
  let server: NatsServer;
  let bus: Bus;
  let queue: Queue;

  beforeEach(async () => {
    server = await NatsServer.start();
    bus = await openBus(server.url);
  });

  afterEach(async () => {
    await bus.close();
    await server.stop();
  });

  const provision = async (overrides: Partial<QueueProfile> = {}): Promise<void> => {
    const profile = testProfile('faulty', overrides);
    const admin = await openBusAdmin(server.url);
    await admin.provision(profile);
    await admin.close();
    queue = await bus.bind(profile);
  };
  const publish = (key: string) => queue.publish({ idempotencyKey: key, payload: encode(key) });

  const isAnyLeft = async (): Promise<boolean> => {
    // A server that is not back yet has not said.
    const depth = await queue.depth().catch(() => undefined);
    return depth === undefined || depth.ready + depth.delayed + depth.leased > 0;
  };

  /** What a person or another process does on the server. */
  const onServer = async (act: (lane: RequestLane) => Promise<unknown>): Promise<void> => {
    const client = await connectNats({ servers: server.url });
    const lane = new RequestLane(client);
    await act(lane);
    lane.close();
    await client.connection.close();
  };

  test(
    'a server that is killed and started again in the middle of work loses nothing',
    async () => {
      await provision({ ackWaitMs: 2_000, maxAttempts: 50 });
      const keys = Array.from({ length: 300 }, (_, n) => `k${n}`);
      await Promise.all(keys.map(publish));
      const handedOut = new Set<string>();
      const tokens = new Map<string, number[]>();
      let acked = 0;
      const half = Promise.withResolvers<void>();
      const settle = async (lease: Lease): Promise<void> => {
        await lease.ack();
        if (++acked === keys.length / 2) half.resolve();
      };
      const consumption = queue.consume({ prefetch: 16 }, (lease) => {
        handedOut.add(lease.idempotencyKey);
        tokens.set(lease.id, [...(tokens.get(lease.id) ?? []), lease.token]);
        settle(lease).catch(() => {});
      });
      await half.promise;
      await server.kill();
      await server.restart();
      // An ack whose answer went down with the server was done all the same: the queue knows what is left, not its worker.
      while (await isAnyLeft()) await new Promise((resolve) => setTimeout(resolve, 50));
      expect([...handedOut].sort()).toEqual([...keys].sort());
      for (const seen of tokens.values()) expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      await consumption.stop();
    },
    TIMEOUT_MS,
  );

  test(
    'a lease that is held while the server restarts can be settled afterwards',
    async () => {
      await provision();
      await publish('held');
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      await server.kill();
      await server.restart();
      await lease.ack();
      await publish('next');
      let following = await taker.next();
      // A server that is killed may have forgotten that it delivered the item, and have done so again before the ack.
      if (following.idempotencyKey === 'held') {
        await following.ack();
        following = await taker.next();
      }
      expect(following.idempotencyKey).toBe('next');
      await following.ack();
      await taker.consumption.stop();
    },
    TIMEOUT_MS,
  );

  test(
    'a token after a crash of the server is greater than those before it',
    async () => {
      await provision({ ackWaitMs: 1_000 });
      await publish('item');
      const taker = new Taker(queue, 1);
      const before = await taker.next();
      await server.kill();
      await server.restart();
      const after = await taker.next();
      expect(after.id).toBe(before.id);
      expect(after.token).toBeGreaterThan(before.token);
      await after.ack();
      await taker.consumption.stop();
    },
    TIMEOUT_MS,
  );

  test.each(['CONSUMER.DELETE.TEST_FAULTY.worker', 'STREAM.DELETE.TEST_FAULTY'])(
    'a consumption ends with queue-missing after %s',
    async (request) => {
      await provision();
      const consumption = queue.consume({ prefetch: 4 }, () => {});
      await onServer((lane) => lane.ask(`$JS.API.${request}`, {}, 5_000));
      await expect(consumption.closed).rejects.toMatchObject({ code: 'queue-missing' });
    },
    TIMEOUT_MS,
  );

  test(
    'an item whose worker died while burying it is buried by the next one and handed to nobody',
    async () => {
      await provision({ ackWaitMs: 1_000 });
      await publish('doomed');
      const first = new Taker(queue, 1);
      await first.next();
      await first.consumption.stop();
      const item = await itemOf('doomed');
      const history = [{ attempt: 1, at: 1, reason: 'unreadable' }];
      await onServer((lane) =>
        new AttemptJournal(lane, queue.profile).write(item, { released: 0, history, deadAfter: 1 }),
      );
      const second = new Taker(queue, 1);
      while ((await queue.depth()).leased > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(second.taken).toEqual([]);
      expect(await queue.deadLetters()).toMatchObject([{ idempotencyKey: 'doomed', attempts: 1, history }]);
      await second.consumption.stop();
    },
    TIMEOUT_MS,
  );

  /** The driver's name of the only item of the queue: sequence and publish time in nanoseconds. */
  const itemOf = async (key: string): Promise<string> => {
    let item = '';
    await onServer(async (lane) => {
      const query = { last_by_subj: queue.profile.subject };
      const { message } = await lane.ask<{ message: { seq: number; time: string; data: string } }>(
        `$JS.API.STREAM.MSG.GET.${queue.profile.stream}`,
        query,
        5_000,
      );
      expect(message.data).toBe(Buffer.from(key).toString('base64'));
      const { seq, time } = message;
      const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? '';
      const seconds = Math.floor(Date.parse(time) / 1_000);
      item = `${seq}-${seconds}${fraction.padEnd(9, '0')}`;
    });
    return item;
  };

  test('what is handed back is no attempt', async () => {
    await provision({ maxAttempts: 2 });
    await publish('patient');
    const taker = new Taker(queue, 1);
    for (const _ of Array.from({ length: 4 })) {
      const lease = await taker.next();
      expect(lease.attempt).toBe(1);
      await lease.release();
    }
    await (await taker.next()).fail({ reason: 'first' });
    expect((await taker.next()).attempt).toBe(2);
    await taker.taken.at(-1)?.ack();
    await taker.consumption.stop();
  });

  test('an item that another program published without a key is known by its place in the stream', async () => {
    await provision();
    await onServer((lane) => lane.send(queue.profile.subject, 'from elsewhere', 5_000));
    const taker = new Taker(queue, 1);
    const lease = await taker.next();
    expect(lease.idempotencyKey).toBe(lease.id);
    await lease.ack();
    await taker.consumption.stop();
  });

  test.each([
    ['an empty key', { idempotencyKey: '' }],
    ['a key of two lines', { idempotencyKey: 'a\nb' }],
    ['a header name with capitals', { idempotencyKey: 'a', headers: { Trace: '1' } }],
    ['a header value that the wire would trim', { idempotencyKey: 'a', headers: { trace: ' 1' } }],
  ])('rejects %s', async (_, item) => {
    await provision();
    await expect(queue.publish({ payload: encode('x'), ...item })).rejects.toMatchObject({ code: 'item-malformed' });
  });

  test(
    'a publish goes on while the server is away, and the item is there once',
    async () => {
      await provision();
      await publish('before');
      await server.kill();
      const published = Promise.all([publish('during'), publish('before')]);
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      await server.restart();
      expect(await published).toMatchObject([{ duplicate: false }, { duplicate: true }]);
      expect((await queue.depth()).ready).toBe(2);
    },
    TIMEOUT_MS,
  );

  test(
    'rejects a publish within twenty seconds while the server is gone, and says that it may be tried again',
    async () => {
      await provision();
      await server.kill();
      const startedAt = performance.now();
      await expect(publish('late')).rejects.toMatchObject({ code: 'bus-unreachable', retryable: true });
      const tookMs = performance.now() - startedAt;
      expect(tookMs).toBeGreaterThan(14_000);
      expect(tookMs).toBeLessThan(20_000);
    },
    TIMEOUT_MS,
  );

  test(
    'rejects a publish when most of the duplicate window has passed without a server',
    async () => {
      await provision({ duplicateWindowMs: 6_000 });
      await server.kill();
      const startedAt = performance.now();
      await expect(publish('late')).rejects.toMatchObject({
        code: 'bus-unreachable',
        repair: expect.stringContaining('with the same key'),
      });
      const tookMs = performance.now() - startedAt;
      expect(tookMs).toBeGreaterThan(2_500);
      expect(tookMs).toBeLessThan(6_000);
    },
    TIMEOUT_MS,
  );

  test(
    'closing does not wait for the horizon of a publish',
    async () => {
      await provision();
      await server.kill();
      const published = expect(publish('lost')).rejects.toMatchObject({ code: 'bus-unreachable' });
      const startedAt = performance.now();
      await bus.close();
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      await published;
    },
    TIMEOUT_MS,
  );

  test('rejects an address where no server is, without showing the password', async () => {
    const error = await openBus('nats://user:secret@127.0.0.1:1').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'bus-unreachable' });
    expect(String(error)).toContain('127.0.0.1:1');
    expect(String(error)).not.toContain('secret');
  });

  test.each(['nats://', 'nats:http://host', 'nats://a:4222,http://b'])('rejects the address %s', async (url) => {
    await expect(openBus(url)).rejects.toMatchObject({ code: 'address-malformed' });
  });

  test('closing does not wait for a server that is gone', async () => {
    await provision();
    const consumption = queue.consume({ prefetch: 4 }, () => {});
    await server.kill();
    await bus.close();
    await consumption.closed;
  });
});
