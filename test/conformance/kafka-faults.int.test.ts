import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lease, openBus, openBusAdmin, type Queue } from '@penstock/kit';
import { AclOperations, AclPermissionTypes, Admin, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka';
import { makeAuthority, makeCertificate } from '../helpers/certificates.ts';
import { KafkaBroker, kafkaRequirement } from '../helpers/kafka-broker.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testProfile } from './bus/profile.ts';
import { decode, encode, Taker } from './bus/suite.ts';

const LONG = 60_000;
const ITEMS = 40;

describeWith(kafkaRequirement(), 'Kafka under faults', () => {
  let broker: KafkaBroker;
  let count = 0;

  beforeAll(async () => {
    const settings = {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
    };
    broker = await KafkaBroker.start({ settings });
  }, LONG);

  afterAll(() => broker?.stop());

  const urlOf = (partitions: number) => `kafka://${broker.address}?sessionMs=2000&partitions=${partitions}`;
  const profileOf = async (partitions: number, overrides = {}) => {
    const profile = testProfile(`fault-${++count}`, overrides);
    await using admin = await openBusAdmin(urlOf(partitions));
    await admin.provision(profile);
    return profile;
  };
  /** What a person does on the brokers. */
  const asAdmin = async (act: (admin: Admin) => Promise<unknown>): Promise<void> => {
    const admin = new Admin({ clientId: 'person', bootstrapBrokers: [broker.address] });
    await act(admin);
    await admin.close();
  };
  const publishAll = (queue: Queue) =>
    Promise.all(
      Array.from({ length: ITEMS }, (_, n) => queue.publish({ idempotencyKey: `k${n}`, payload: encode(`k${n}`) })),
    );

  test(
    'a rebalance takes leases from one worker and gives their items to the other, with greater tokens',
    async () => {
      const profile = await profileOf(4);
      await using first = await openBus(urlOf(4));
      const queue = await first.bind(profile);
      await publishAll(queue);
      const held = new Taker(queue, ITEMS);
      const leases: Lease[] = [];
      while (leases.length < ITEMS) leases.push(await held.next());

      await using second = await openBus(urlOf(4));
      const other = new Taker(await second.bind(profile), ITEMS);
      const moved = await other.next();
      const before = leases.find(({ id }) => id === moved.id) as Lease;
      expect(moved.attempt).toBe(2);
      expect(moved.token).toBeGreaterThan(before.token);
      expect(before.signal.aborted).toBe(true);
      await expect(before.ack()).rejects.toMatchObject({ code: 'lease-lost' });
      await moved.ack();

      const kept = leases.filter(({ signal }) => !signal.aborted);
      expect(kept.length).toBeGreaterThan(0);
      await Promise.all(kept.map((lease) => lease.ack()));
      const done = new Set([moved.id, ...kept.map(({ id }) => id)]);
      while (done.size < ITEMS) {
        const lease = await other.next();
        expect(done.has(lease.id)).toBe(false);
        await lease.ack();
        done.add(lease.id);
      }
      expect(await queue.depth()).toMatchObject({ ready: 0, leased: 0, delayed: 0 });
    },
    LONG,
  );

  test(
    'attempts, delays and reasons move with the partition',
    async () => {
      const profile = await profileOf(1, { maxAttempts: 2 });
      const first = await openBus(urlOf(1));
      const queue = await first.bind(profile);
      await queue.publish({ idempotencyKey: 'later', payload: encode('later') });
      const taker = new Taker(queue, 1);
      await (await taker.next()).fail({ reason: 'not yet', delayMs: 300 });
      expect(await queue.depth()).toMatchObject({ ready: 0, leased: 0, delayed: 1 });
      await first.close();

      await using second = await openBus(urlOf(1));
      const bound = await second.bind(profile);
      const lease = await new Taker(bound, 1).next();
      expect(lease.attempt).toBe(2);
      expect(await lease.fail({ reason: 'never' })).toBe('dead-lettered');
      const [letter] = await bound.deadLetters();
      expect(letter?.history.map(({ reason }) => reason)).toEqual(['not yet', 'never']);
    },
    LONG,
  );

  test(
    'what is settled beyond an item that is still out is not delivered again',
    async () => {
      const profile = await profileOf(1);
      const first = await openBus(urlOf(1));
      const queue = await first.bind(profile);
      for (const key of ['slow', 'quick', 'last']) await queue.publish({ idempotencyKey: key, payload: encode(key) });
      const taker = new Taker(queue, 2);
      const [slow, quick] = [await taker.next(), await taker.next()];
      await quick.ack();
      await first.close();
      expect(slow.signal.aborted).toBe(true);

      await using second = await openBus(urlOf(1));
      const again = new Taker(await second.bind(profile), 5);
      const keys = [decode((await again.next()).payload), decode((await again.next()).payload)];
      expect(keys).toEqual(['slow', 'last']);
    },
    LONG,
  );

  test('a broker that is killed and started again has lost nothing that was confirmed', async () => {
    const profile = await profileOf(2);
    await using bus = await openBus(urlOf(2));
    const queue = await bus.bind(profile);
    await publishAll(queue);
    const done: string[] = [];
    const all = Promise.withResolvers<void>();
    const half = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const consumption = queue.consume({ prefetch: 4 }, async (lease) => {
      if (done.length >= ITEMS / 2) {
        half.resolve();
        await gate.promise;
      }
      // Not confirmed while the broker is away: it is delivered again.
      await lease.ack().then(
        () => done.push(lease.idempotencyKey),
        () => {},
      );
      if (done.length >= ITEMS) all.resolve();
    });
    await half.promise;
    await broker.kill();
    gate.resolve();
    await broker.restart();
    await all.promise;
    expect(new Set(done).size).toBe(ITEMS);
    expect(done).toHaveLength(ITEMS);
    await consumption.stop();
    expect(await queue.depth()).toMatchObject({ ready: 0, leased: 0, delayed: 0 });
  }, 120_000);

  test(
    'a consumption ends with queue-missing when its topic is deleted, and whoever holds a lease has lost it',
    async () => {
      const profile = await profileOf(2);
      await using bus = await openBus(urlOf(2));
      const queue = await bus.bind(profile);
      await queue.publish({ idempotencyKey: 'held', payload: encode('held') });
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      await asAdmin((admin) => admin.deleteTopics({ topics: [profile.subject] }));
      await expect(taker.consumption.closed).rejects.toMatchObject({ code: 'queue-missing' });
      expect(lease.signal.aborted).toBe(true);
      await expect(lease.ack()).rejects.toMatchObject({ code: 'lease-lost' });
      await taker.consumption.stop();
    },
    LONG,
  );

  test.each([
    ['the group', ResourceTypes.GROUP, 'test.queue.fault-denied.worker'],
    ['the topic', ResourceTypes.TOPIC, 'test.queue.fault-denied'],
  ])(
    'a consumption ends with bus-refused when its user loses the right to %s',
    async (_what, resourceType, resourceName) => {
      const profile = testProfile('fault-denied');
      await using admin = await openBusAdmin(urlOf(1));
      await admin.provision(profile);
      await using bus = await openBus(urlOf(1));
      const queue = await bus.bind(profile);
      await queue.publish({ idempotencyKey: 'held', payload: encode('held') });
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      const denial = {
        resourceType,
        resourceName,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: 'User:ANONYMOUS',
        host: '*',
        operation: AclOperations.READ,
        permissionType: AclPermissionTypes.DENY,
      };
      await asAdmin((client) => client.createAcls({ creations: [denial] }));
      const settled = lease.ack().catch(() => {});
      await expect(taker.consumption.closed).rejects.toMatchObject({ code: 'bus-refused' });
      await settled;
      await taker.consumption.stop();
      await asAdmin((client) => client.deleteAcls({ filters: [denial] }));
    },
    LONG,
  );
});

describeWith(kafkaRequirement(), 'Kafka over encrypted connections', () => {
  test(
    'carries items for whoever the brokers know by their certificate, and refuses others',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'penstock-kafka-tls-'));
      makeAuthority(folder, 'authority');
      makeCertificate(folder, 'authority', ['localhost'], 1);
      const [key, cert, ca] = ['tls.key', 'tls.crt', 'ca.crt'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      await using broker = await KafkaBroker.start({ tls: { key, cert, clientCa: ca } });
      const url = `kafka://${broker.address}?ca=${ca}&cert=${cert}&key=${key}`;
      const profile = testProfile('encrypted');
      await using admin = await openBusAdmin(url);
      await admin.provision(profile);
      await using bus = await openBus(url);
      const queue = await bus.bind(profile);
      await queue.publish({ idempotencyKey: 'secret', payload: encode('secret') });
      const lease = await new Taker(queue, 1).next();
      expect(decode(lease.payload)).toBe('secret');
      await lease.ack();
      for (const other of [`kafka://${broker.address}`, `kafka://${broker.address}?cert=${cert}&key=${key}`])
        await expect(openBus(other)).rejects.toMatchObject({ code: 'bus-unreachable' });
      await rm(folder, { recursive: true });
    },
    LONG,
  );
});
