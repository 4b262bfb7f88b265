import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openBus, openBusAdmin } from '@penstock/kit';
import { connectNats } from '../../services/kit/src/bus/nats/connection.ts';
import { openNatsBusAdmin } from '../../services/kit/src/bus/nats/nats-bus-admin.ts';
import { RequestLane } from '../../services/kit/src/bus/nats/request-lane.ts';
import {
  consumerConfigOf,
  deadLetterStreamConfigOf,
  differencesOf,
  streamConfigOf,
} from '../../services/kit/src/bus/nats/stream-config.ts';
import { NatsServer, natsRequirement } from '../helpers/nats-server.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testProfile } from './bus/profile.ts';

describe('a queue on JetStream', () => {
  const profile = testProfile('mapped', { ackWaitMs: 7_000, retentionMs: 86_400_000, maxAttempts: 5 });

  test('is a work-queue stream that refuses what does not fit, with durations in nanoseconds', () => {
    expect(streamConfigOf(profile, 3)).toEqual({
      name: 'TEST_MAPPED',
      subjects: ['test.queue.mapped'],
      retention: 'workqueue',
      storage: 'file',
      discard: 'new',
      num_replicas: 3,
      max_age: 86_400_000_000_000,
      max_msg_size: 65_536 + 1_024,
      duplicate_window: 120_000_000_000,
    });
  });

  test('has a dead-letter stream without an age that keeps one message a subject', () => {
    expect(deadLetterStreamConfigOf(profile, 1)).toMatchObject({
      name: 'TEST_MAPPED_DEAD',
      subjects: ['test.dead.mapped.>'],
      retention: 'limits',
      max_age: 0,
      max_msgs_per_subject: 1,
      allow_msg_ttl: true,
    });
  });

  test('has a consumer with explicit acks that delivers beyond the last attempt', () => {
    const config = consumerConfigOf(profile);
    expect(config).toMatchObject({ ack_policy: 'explicit', ack_wait: 7_000_000_000, filter_subject: profile.subject });
    expect(config.max_ack_pending).toBe(profile.maxAckPending);
    expect(config.max_deliver).toBeGreaterThan(profile.maxAttempts);
  });

  test('differs from what is found in the named fields only; what the server leaves out is zero', () => {
    expect(differencesOf({ a: 1, other: 9 }, { a: 2, b: 0, c: false })).toEqual([
      { field: 'a', received: 1, expected: 2 },
    ]);
  });
});

describeWith(natsRequirement(), 'provisioning on NATS JetStream', () => {
  let server: NatsServer;

  beforeAll(async () => {
    server = await NatsServer.start();
  });

  afterAll(() => server.stop());

  test('changes numbers in place, which bind holds against the profile', async () => {
    const admin = await openBusAdmin(server.url);
    const bus = await openBus(server.url);
    const profile = testProfile('changing');
    await admin.provision(profile);
    await admin.provision(profile);
    const changed = { ...profile, ackWaitMs: 9_000, retentionMs: 7_200_000, maxItemBytes: 1_000, maxAckPending: 7 };
    const error = await bus.bind(changed).catch((caught: unknown) => caught);
    for (const field of ['ack_wait', 'max_age', 'max_msg_size', 'max_ack_pending']) {
      expect(String(error)).toContain(`${field} is`);
    }
    await admin.provision(changed);
    await bus.bind(changed);
    await expect(bus.bind(profile)).rejects.toMatchObject({ code: 'queue-mismatch' });
    await bus.close();
    await admin.close();
  });

  test('rejects a stream of another kind and leaves it as it is', async () => {
    const client = await connectNats({ servers: server.url });
    const lane = new RequestLane(client);
    const foreign = { name: 'TEST_FOREIGN', subjects: ['test.queue.foreign'], retention: 'limits', storage: 'memory' };
    await lane.ask('$JS.API.STREAM.CREATE.TEST_FOREIGN', foreign, 5_000);
    const admin = await openBusAdmin(server.url);
    const error = await admin.provision(testProfile('foreign')).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'queue-mismatch' });
    expect(String(error)).toContain('retention is "limits", expected "workqueue"');
    const info = await lane.ask<{ config: object }>('$JS.API.STREAM.INFO.TEST_FOREIGN', {}, 5_000);
    expect(info.config).toMatchObject({ retention: 'limits', storage: 'memory' });
    await admin.close();
    lane.close();
    await client.connection.close();
  });

  test('rejects more copies than there are servers', async () => {
    const admin = await openNatsBusAdmin({ servers: server.url, replicas: 3 });
    await expect(admin.provision(testProfile('copied'))).rejects.toMatchObject({ code: 'queue-mismatch' });
    await admin.close();
  });

  test('a replicated queue has one copy on a single server', async () => {
    const admin = await openBusAdmin(server.url);
    const profile = testProfile('single', { durability: 'replicated' });
    await admin.provision(profile);
    const bus = await openBus(server.url);
    expect((await bus.bind(profile)).profile).toBe(profile);
    await bus.close();
    await admin.close();
  });
});
