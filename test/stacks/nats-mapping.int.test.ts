import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { openBus } from '@penstock/kit';
import { queueProfile, type ResolvedQueue } from '@penstock/model';
import { consumerSpec, deadLetterStreamSpec, streamSpec } from '../../constructs/kubernetes/index.ts';
import { platform } from '../../stacks/platform.ts';
import { asNackApplies } from '../helpers/manifests.ts';
import { NatsServer, natsRequirement } from '../helpers/nats-server.ts';
import { describeWith } from '../helpers/requirement.ts';

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

const profile = queueProfile(platform.queues.mails as ResolvedQueue, platform.workers.classify);
const storage = { replicas: 1, maxBytes: 100_000_000 };

describeWith(natsRequirement(), 'what the manifests make on a real server', () => {
  let server: NatsServer;
  let connection: NatsConnection;

  beforeAll(async () => {
    server = await NatsServer.start();
    connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const streams = [deadLetterStreamSpec(profile, storage), streamSpec(profile, storage)];
    for (const spec of streams)
      await manager.streams.add(asNackApplies(spec) as Parameters<Manager['streams']['add']>[0]);
    await manager.consumers.add(
      profile.stream,
      asNackApplies(consumerSpec(profile)) as Parameters<Manager['consumers']['add']>[1],
    );
  }, 60_000);

  afterAll(async () => {
    await connection.close();
    await server.stop();
  });

  test('is what the driver of the services binds to, without a difference', async () => {
    await using bus = await openBus(server.url);
    const queue = await bus.bind(profile);
    expect(await queue.depth()).toEqual({ ready: 0, delayed: 0, leased: 0, deadLettered: 0 });
  });

  test('carries an item of the largest size, and keeps it as a dead letter when it fails for good', async () => {
    await using bus = await openBus(server.url);
    const queue = await bus.bind(profile);
    await queue.publish({ idempotencyKey: 'largest', payload: new Uint8Array(profile.maxItemBytes) });
    const failed = Promise.withResolvers<string>();
    const consumption = queue.consume({ prefetch: 1 }, (lease) => {
      lease.fail({ reason: 'unfit', retryable: false }).then(failed.resolve, failed.reject);
    });
    expect(await failed.promise).toBe('dead-lettered');
    await consumption.stop();
    expect(await queue.deadLetters()).toMatchObject([{ idempotencyKey: 'largest', history: [{ reason: 'unfit' }] }]);
  });
});
