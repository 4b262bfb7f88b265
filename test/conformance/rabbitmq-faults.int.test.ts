import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Bus, type Lease, openBus, openBusAdmin, type Queue, type QueueDepth } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import { type Channel, Connection } from 'rabbitmq-client';
import { Link as Network } from '../../chaos/link.ts';
import { rabbitmqOptionsOf } from '../../services/kit/src/bus/rabbitmq/address.ts';
import { closeChannel, Link } from '../../services/kit/src/bus/rabbitmq/connection.ts';
import { itemOf } from '../../services/kit/src/bus/rabbitmq/item-message.ts';
import { ItemStore } from '../../services/kit/src/bus/rabbitmq/item-store.ts';
import { namesOf } from '../../services/kit/src/bus/rabbitmq/names.ts';
import { PublishLane } from '../../services/kit/src/bus/rabbitmq/publish-lane.ts';
import { openRabbitmqBus } from '../../services/kit/src/bus/rabbitmq/rabbitmq-bus.ts';
import { makeAuthority, makeCertificate } from '../helpers/certificates.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { RabbitmqServer, rabbitmqRequirement } from '../helpers/rabbitmq-server.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testProfile } from './bus/profile.ts';
import { decode, encode, Taker } from './bus/suite.ts';

const TIMEOUT_MS = 60_000;

describeWith(rabbitmqRequirement(), 'RabbitMQ under faults', () => {
  let server: RabbitmqServer;
  let bus: Bus;
  let queue: Queue;
  let count = 0;

  beforeAll(async () => {
    server = await RabbitmqServer.start();
  }, TIMEOUT_MS);
  afterAll(() => server?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    bus = await openBus(server.url);
  });
  afterEach(() => bus.close());

  const provision = async (overrides: Partial<QueueProfile> = {}): Promise<void> => {
    const profile = testProfile(`fault-${++count}`, overrides);
    await using admin = await openBusAdmin(server.url);
    await admin.provision(profile);
    queue = await bus.bind(profile);
  };
  const publish = (key: string, to = queue) => to.publish({ idempotencyKey: key, payload: encode(key) });
  /** What a person or another program does on the server. */
  const onServer = async <Result>(act: (channel: Channel) => Promise<Result>): Promise<Result> => {
    const connection = new Connection(server.url.replace('//', '//guest:guest@'));
    const channel = await connection.acquire();
    const result = await act(channel);
    await channel.close();
    await connection.close();
    return result;
  };
  const limitMemory = (bytes: number): Promise<void> =>
    server.control('set_vm_memory_high_watermark', 'absolute', String(bytes));
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50));
  };

  test(
    'a server that is killed and started again in the middle of work loses nothing',
    async () => {
      await provision({ ackWaitMs: 20_000, maxAttempts: 50 });
      const keys = Array.from({ length: 300 }, (_, n) => `k${n}`);
      await Promise.all(keys.map((key) => publish(key)));
      const tokens = new Map<string, number[]>();
      const taken = new Set<string>();
      let acked = 0;
      const half = Promise.withResolvers<void>();
      const settle = async (lease: Lease): Promise<void> => {
        await lease.ack();
        if (++acked === keys.length / 2) half.resolve();
      };
      const consumption = queue.consume({ prefetch: 16 }, (lease) => {
        tokens.set(lease.id, [...(tokens.get(lease.id) ?? []), lease.token]);
        taken.add(lease.idempotencyKey);
        settle(lease).catch(() => {});
      });
      await half.promise;
      await server.kill();
      await expect(publish('refused')).rejects.toMatchObject({ code: 'bus-unreachable', retryable: true });
      await server.restart();
      await until(async () => taken.size === keys.length);
      await until(async () => {
        const { ready, delayed, leased } = await queue.depth();
        return ready + delayed + leased === 0;
      });
      for (const seen of tokens.values()) expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      expect(await queue.deadLetters()).toEqual([]);
      await consumption.stop();
    },
    TIMEOUT_MS,
  );

  test(
    'a lease that is out when the server dies is lost at once, and its item comes back with the next attempt',
    async () => {
      await provision();
      await publish('held');
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      const lostAt = new Promise((resolve) => lease.signal.addEventListener('abort', resolve));
      await server.kill();
      await lostAt;
      await expect(lease.ack()).rejects.toMatchObject({ code: 'lease-lost' });
      await server.restart();
      const again = await taker.next();
      expect(again).toMatchObject({ id: lease.id, attempt: 2 });
      expect(again.token).toBeGreaterThan(lease.token);
      await again.ack();
      await taker.consumption.stop();
    },
    TIMEOUT_MS,
  );

  test('what is handed back is no attempt, however often', async () => {
    await provision({ maxAttempts: 2 });
    await publish('patient');
    const taker = new Taker(queue, 1);
    for (const _ of Array.from({ length: 4 })) {
      const lease = await taker.next();
      expect(lease.attempt).toBe(1);
      await lease.release();
    }
    await (await taker.next()).fail({ reason: 'first' });
    const last = await taker.next();
    expect(last.attempt).toBe(2);
    await last.ack();
    await taker.consumption.stop();
  });

  test('an item that waits for its retry is counted as such, and not taken before it is due', async () => {
    await provision({ backoffMs: [300] });
    await publish('item');
    const taker = new Taker(queue, 1);
    const lease = await taker.next();
    const failedAt = performance.now();
    await lease.fail({ reason: 'busy' });
    expect(await queue.depth()).toMatchObject({ ready: 0, delayed: 1, deadLettered: 0 });
    await (await taker.next()).ack();
    expect(performance.now() - failedAt).toBeGreaterThanOrEqual(299);
    await taker.consumption.stop();
  });

  test('a wait that is longer than any of the profile is waited for by turns that are no attempts', async () => {
    await provision({ backoffMs: [100] });
    await publish('item');
    const taker = new Taker(queue, 1);
    const lease = await taker.next();
    const failedAt = performance.now();
    await lease.fail({ reason: 'later', delayMs: 500 });
    const again = await taker.next();
    expect(performance.now() - failedAt).toBeGreaterThanOrEqual(499);
    expect(again.attempt).toBe(2);
    await again.ack();
    await taker.consumption.stop();
  });

  test('a process that dies between storing a retry and its ack leaves the item twice; the newer one has the greater tokens', async () => {
    await provision();
    const dying = await openBus(server.url);
    await publish('twice');
    const taker = new Taker(await dying.bind(queue.profile), 1);
    const { id, payload, idempotencyKey } = await taker.next();
    const link = await Link.open(await rabbitmqOptionsOf(server.url));
    const lane = new PublishLane(link);
    const item = { ...itemOf({ idempotencyKey, payload }), id, attempts: 1 };
    await new ItemStore(lane, namesOf(queue.profile), queue.profile).retry(item, 0);
    await dying.close();
    lane.end();
    await link.close();
    const survivor = new Taker(queue, 2);
    const [first, second] = [await survivor.next(), await survivor.next()];
    expect([first, second].map((lease) => lease.id)).toEqual([id, id]);
    const [older, newer] = first.token < second.token ? [first, second] : [second, first];
    expect([older, newer].map(({ attempt }) => attempt)).toEqual([2, 2]);
    expect(newer.token).toBeGreaterThan(older.token + 1_000);
    // The older one is stored anew as well: of one generation with the newer one, by another token.
    await older.fail({ reason: 'busy' });
    const youngest = await survivor.next();
    expect(youngest.token).toBeGreaterThan(older.token);
    expect(youngest.token).not.toBe(newer.token);
    await Promise.all([newer.ack(), youngest.ack()]);
    await survivor.consumption.stop();
  });

  test('closing a channel is over when its connection is, also with an answer outstanding', async () => {
    await using network = await Network.open();
    network.leadTo(Number(new URL(server.url).port));
    const link = await Link.open(await rabbitmqOptionsOf(`amqp://127.0.0.1:${network.port}`));
    const channel = await link.channel();
    network.weather = { kind: 'stall', directions: ['up', 'down'] };
    const asked = channel.basicQos({ prefetchCount: 1 });
    const closing = closeChannel(link, channel);
    network.cut();
    await expect(asked).rejects.toBeDefined();
    await closing;
    await link.close();
  });

  test('a server that does not answer is asked again on another connection', async () => {
    await provision();
    await publish('held');
    await using network = await Network.open();
    network.leadTo(Number(new URL(server.url).port));
    // The connection stands: heartbeats would take a minute to find out.
    const options = await rabbitmqOptionsOf(`amqp://127.0.0.1:${network.port}?heartbeat=60`);
    await using patient = await openRabbitmqBus({ ...options, answerMs: 500 });
    const through = await patient.bind(queue.profile);
    const taker = new Taker(through, 1);
    const lease = await taker.next();
    network.weather = { kind: 'lose', directions: ['up', 'down'] };
    await Promise.all([
      expect(through.depth()).rejects.toMatchObject({ code: 'bus-unreachable', retryable: true }),
      expect(patient.bind(queue.profile)).rejects.toMatchObject({ code: 'bus-unreachable', retryable: true }),
      expect(lease.ack()).rejects.toMatchObject({ code: 'lease-lost' }),
    ]);
    network.clear();
    const again = await taker.next();
    expect(again.token).toBeGreaterThan(lease.token);
    await again.ack();
    await until(async () => (await through.depth()).leased === 0);
    await taker.consumption.stop();
  });

  test(
    'a queue whose leader is not there yet is not taken for empty',
    async () => {
      await provision();
      for (const key of ['a', 'b', 'c']) await publish(key);
      await server.kill();
      await server.restart();
      let answer: QueueDepth | undefined;
      await until(async () => {
        answer = await queue.depth();
        return true;
      });
      expect(answer).toMatchObject({ ready: 3 });
    },
    TIMEOUT_MS,
  );

  test('leases of every process that takes from the queue are counted', async () => {
    await provision();
    for (const key of ['a', 'b', 'c']) await publish(key);
    await using other = await openBus(server.url);
    const [own, others] = [new Taker(queue, 1), new Taker(await other.bind(queue.profile), 1)];
    const leases = [await own.next(), await others.next()];
    expect(await queue.depth()).toMatchObject({ ready: 1, leased: 2 });
    await Promise.all([own.consumption.stop(), others.consumption.stop()]);
    await Promise.all(leases.map((lease) => lease.ack()));
    await until(async () => (await queue.depth()).leased === 0);
  });

  test('an item older than the retention of its queue is a dead letter', async () => {
    await provision({ retentionMs: 1 });
    await publish('old');
    await until(async () => (await queue.depth()).deadLettered === 1);
    expect(await queue.deadLetters()).toMatchObject([{ idempotencyKey: 'old', attempts: 0, history: [] }]);
  });

  test('a consumption ends with queue-missing when its queue was deleted, and nothing is published into the void', async () => {
    await provision();
    await publish('held');
    const taker = new Taker(queue, 4);
    const lease = await taker.next();
    await onServer((channel) => channel.queueDelete({ queue: queue.profile.subject }));
    await expect(publish('lost')).rejects.toMatchObject({ code: 'queue-missing' });
    await expect(taker.consumption.closed).rejects.toMatchObject({ code: 'queue-missing' });
    expect(lease.signal.aborted).toBe(true);
  });

  test(
    'a consumption ends with bus-refused when its user has no right to the queue',
    async () => {
      await provision();
      await server.control('set_permissions', 'guest', '^$', '^$', '^$');
      await using other = await openBus(server.url);
      await expect(other.bind(queue.profile)).rejects.toMatchObject({ code: 'bus-refused' });
      const consumption = queue.consume({ prefetch: 1 }, () => {});
      await expect(consumption.closed).rejects.toMatchObject({ code: 'bus-refused' });
      await server.control('set_permissions', 'guest', '.*', '.*', '.*');
    },
    TIMEOUT_MS,
  );

  test('a full queue refuses a publish and still takes an ack', async () => {
    await provision();
    const { subject } = queue.profile;
    await onServer(async (channel) => {
      await channel.queueDelete({ queue: subject });
      const settings = { 'x-queue-type': 'quorum', 'x-max-length': 2, 'x-overflow': 'reject-publish' } as const;
      await channel.queueDeclare({ queue: subject, durable: true, arguments: settings });
    });
    const isFull = async (): Promise<boolean> => {
      try {
        await publish('more');
        return false;
      } catch (error) {
        expect(error).toMatchObject({ code: 'storage-full', retryable: true });
        return true;
      }
    };
    while (!(await isFull()));
    const taker = new Taker(queue, 100);
    await (await taker.next()).ack();
    await until(async () => !(await isFull()));
    await taker.consumption.stop();
  });

  test(
    'a server whose memory is at its limit refuses a publish, and settles what is out',
    async () => {
      await provision();
      await publish('before');
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      await limitMemory(1);
      // The server says so to a connection that publishes; what was on its way by then it takes once it has room.
      await until(() =>
        publish('too much').then(
          () => false,
          (error: unknown) => {
            expect(error).toMatchObject({ code: 'storage-full', retryable: true });
            return true;
          },
        ),
      );
      await lease.ack();
      await limitMemory(256_000_000);
      await until(() => publish('after').then(() => true));
      await taker.consumption.stop();
    },
    TIMEOUT_MS,
  );

  test('a failure that a full queue does not take is stored once there is room, and its item is in nobody else’s hands', async () => {
    await provision({ backoffMs: [0] });
    const { subject } = queue.profile;
    await onServer(async (channel) => {
      await channel.queueDelete({ queue: subject });
      const settings = { 'x-queue-type': 'quorum', 'x-max-length': 1, 'x-overflow': 'reject-publish' } as const;
      await channel.queueDeclare({ queue: subject, durable: true, arguments: settings });
    });
    await publish('failing');
    const taker = new Taker(queue, 1);
    const failing = await taker.next();
    const isRefused = () =>
      publish('filling').then(
        () => false,
        () => true,
      );
    await until(isRefused);
    const failed = failing.fail({ reason: 'busy' });
    const { ready } = await queue.depth();
    await onServer((channel) => channel.queuePurge({ queue: subject }));
    expect(ready).toBeGreaterThan(0);
    expect(await failed).toBe('retried');
    let again = await taker.next();
    while (again.idempotencyKey !== 'failing') {
      await again.ack();
      again = await taker.next();
    }
    expect(again).toMatchObject({ id: failing.id, attempt: 2 });
    await again.ack();
    await taker.consumption.stop();
  });

  test('a queue with other settings than the driver needs is not provisioned over', async () => {
    const profile = testProfile('foreign');
    await onServer((channel) => channel.queueDeclare({ queue: profile.subject, durable: true }));
    await using admin = await openBusAdmin(server.url);
    await expect(admin.provision(profile)).rejects.toMatchObject({ code: 'queue-mismatch' });
  });

  test('an item that another program published is known by its message id, or else by its text', async () => {
    await provision();
    await onServer(async (channel) => {
      await channel.basicPublish({ routingKey: queue.profile.subject, messageId: 'm-1' }, 'from elsewhere');
      await channel.basicPublish(queue.profile.subject, { a: 1 });
    });
    const taker = new Taker(queue, 2);
    const [first, second] = [await taker.next(), await taker.next()];
    expect([first.id, first.idempotencyKey, decode(first.payload)]).toEqual(['m-1', 'm-1', 'from elsewhere']);
    expect([second.id.length, decode(second.payload)]).toEqual([64, '{"a":1}']);
    await Promise.all([first.ack(), second.ack()]);
    await taker.consumption.stop();
  });

  test.each([
    ['an empty key', { idempotencyKey: '' }],
    ['a header name with capitals', { idempotencyKey: 'a', headers: { Trace: '1' } }],
    ['headers that fit into no frame', { idempotencyKey: 'a', headers: { trace: 'x'.repeat(64_001) } }],
  ])('rejects %s', async (_, item) => {
    await provision({ maxItemBytes: 1_000_000 });
    await expect(queue.publish({ payload: encode('x'), ...item })).rejects.toMatchObject({ code: 'item-malformed' });
  });

  test(
    'closing does not wait for a server that is gone',
    async () => {
      await provision();
      const consumption = queue.consume({ prefetch: 4 }, () => {});
      await server.kill();
      const startedAt = performance.now();
      await bus.close();
      await consumption.closed;
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      await server.restart();
    },
    TIMEOUT_MS,
  );

  test('rejects a password that the server does not know', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-rabbitmq-'));
    await writeFile(join(folder, 'password'), 'guessed\n');
    const address = `${server.url.replace('//', '//guest@')}?password=${join(folder, 'password')}`;
    await expect(openBus(address)).rejects.toMatchObject({ code: 'bus-refused' });
    await writeFile(join(folder, 'password'), 'guest\n');
    await (await openBus(address)).close();
    await rm(folder, { recursive: true });
  });
});

describeWith(rabbitmqRequirement(), 'RabbitMQ over encrypted connections', () => {
  test(
    'carries items by the authority of a file, and trusts no other',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'penstock-rabbitmq-tls-'));
      makeAuthority(folder, 'authority');
      makeAuthority(folder, 'stranger');
      makeCertificate(folder, 'authority', ['localhost'], 1);
      const [port] = await freePorts(1);
      await using server = await RabbitmqServer.start([
        `listeners.ssl.1 = 127.0.0.1:${port}`,
        `ssl_options.cacertfile = ${join(folder, 'ca.crt')}`,
        `ssl_options.certfile = ${join(folder, 'tls.crt')}`,
        `ssl_options.keyfile = ${join(folder, 'tls.key')}`,
      ]);
      const address = `amqps://localhost:${port}?ca=${folder}`;
      const profile = testProfile('encrypted');
      await using admin = await openBusAdmin(server.url);
      await admin.provision(profile);
      await using bus = await openBus(`${address}/ca.crt`);
      const queue = await bus.bind(profile);
      await queue.publish({ idempotencyKey: 'secret', payload: encode('secret') });
      const taker = new Taker(queue, 1);
      await (await taker.next()).ack();
      await taker.consumption.stop();
      for (const other of [`${address}/stranger.crt`, `amqps://localhost:${port}`, `amqp://localhost:${port}`])
        await expect(openBus(other)).rejects.toMatchObject({ code: 'bus-unreachable' });
      await rm(folder, { recursive: true });
    },
    TIMEOUT_MS,
  );
});

test.each([
  ['amqp://user:secret@127.0.0.1', 'cannot be read'],
  ['amqp://user@127.0.0.1', 'go together'],
  ['amqp://127.0.0.1?nkey=x', 'received the parameters nkey'],
  ['amqp://127.0.0.1?ca=/dev/null', 'an authority is of no use'],
  ['amqp://127.0.0.1?heartbeat=0', 'received heartbeat=0'],
  ['amqp://127.0.0.1:5672,:1', 'received the server'],
  ['amqp:', 'bus address'],
])('rejects the address %s', async (address, message) => {
  const error = await openBus(address).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'address-malformed' });
  expect(String(error)).toContain(message);
  if (address.includes('secret')) expect(String(error)).not.toContain('secret');
});

describeWith(rabbitmqRequirement(), 'RabbitMQ with other settings', () => {
  test(
    'a server that waits no longer for an ack gives the item to the next one, however often its lease was extended',
    async () => {
      await using server = await RabbitmqServer.start(['consumer_timeout = 1000']);
      // It looks once a minute otherwise.
      await server.control('eval', 'application:set_env(rabbit, channel_tick_interval, 200).');
      const profile = testProfile('impatient');
      await using admin = await openBusAdmin(server.url);
      await admin.provision(profile);
      await using bus = await openBus(server.url);
      const queue = await bus.bind(profile);
      await queue.publish({ idempotencyKey: 'long', payload: encode('long') });
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      const over = new Promise((resolve) => lease.signal.addEventListener('abort', resolve));
      await lease.extend();
      await over;
      await expect(lease.extend()).rejects.toMatchObject({ code: 'lease-lost' });
      const again = await taker.next();
      expect(again).toMatchObject({ id: lease.id, attempt: 2 });
      await again.ack();
      await taker.consumption.stop();
    },
    TIMEOUT_MS,
  );

  test(
    'takes the next host where the first does not answer',
    async () => {
      await using server = await RabbitmqServer.start();
      const [port] = await freePorts(1);
      const url = `amqp://127.0.0.1:${port},${new URL(server.url).host}`;
      await using admin = await openBusAdmin(url);
      await admin.provision(testProfile('several'));
    },
    TIMEOUT_MS,
  );
});

test('rejects a server that is not there', async () => {
  const [port] = await freePorts(1);
  await expect(openBus(`amqp://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'bus-unreachable' });
});
