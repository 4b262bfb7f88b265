import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import { type Bus, type Lease, openBus } from '@penstock/kit';
import { Bytes, queueProfile } from '@penstock/model';
import {
  consumerSpec,
  deadLetterStreamSpec,
  type NatsClient,
  natsConfig,
  streamSpec,
} from '../../../constructs/kubernetes/index.ts';
import { platform } from '../../../stacks/platform.ts';
import { asNackApplies } from '../../helpers/manifests.ts';
import { NatsClusterOnLoopback } from '../../helpers/nats-cluster.ts';
import { natsRequirement } from '../../helpers/nats-server.ts';
import { describeWith } from '../../helpers/requirement.ts';

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

const profile = { ...queueProfile(platform.queues.mails, platform.workers.classify), backoffMs: [1] };
const storage = { replicas: 3, maxBytes: 50_000_000 };

const keyPair = () => {
  const pair = nkeys.createUser();
  return { publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) };
};

describeWith(natsRequirement(), 'three real servers by the configuration of a NATS cluster', () => {
  const provisioner = keyPair();
  const worker = keyPair();
  const publisher = keyPair();
  const clients: readonly NatsClient[] = [
    { publicKey: provisioner.publicKey, grants: [{ role: 'provisioner' }] },
    { publicKey: worker.publicKey, grants: [{ role: 'consumer', queue: profile }] },
    { publicKey: publisher.publicKey, grants: [{ role: 'publisher', queue: profile }] },
  ];
  let folder: string;
  let servers: NatsClusterOnLoopback;
  let manager: Manager;
  const connections: NatsConnection[] = [];

  const connectAs = async ({ publicKey, seed }: ReturnType<typeof keyPair>) => {
    const connection = await connect({
      servers: servers.addresses,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
      inboxPrefix: `_INBOX.${publicKey}`,
    });
    connections.push(connection);
    return connection;
  };

  const busAs = async (name: string, { seed }: ReturnType<typeof keyPair>): Promise<Bus> => {
    const file = join(folder, name);
    await writeFile(file, `${seed}\n`);
    return openBus(`nats://${servers.addresses.join(',')}?nkey=${encodeURIComponent(file)}`);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'penstock-nats-cluster-'));
    const text = natsConfig({
      name: 'nats',
      servers: 3,
      durability: 'replicated',
      storage: Bytes.parse('1 GiB'),
      account: 'mailroom',
      clients,
    });
    servers = await NatsClusterOnLoopback.start(text, folder);
    manager = await jetstreamManager(await connectAs(provisioner));
    for (const spec of [deadLetterStreamSpec(profile, storage), streamSpec(profile, storage)])
      await servers.untilReady(() =>
        manager.streams.add(asNackApplies(spec) as Parameters<Manager['streams']['add']>[0]),
      );
    const consumer = asNackApplies(consumerSpec(profile)) as Parameters<Manager['consumers']['add']>[1];
    await manager.consumers.add(profile.stream, consumer);
  }, 90_000);

  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await servers.stop();
    await rm(folder, { recursive: true });
  });

  test('keep each stream in three zones', async () => {
    const { cluster } = await manager.streams.info(profile.stream);
    expect([cluster?.leader, ...(cluster?.replicas ?? []).map(({ name }) => name)].toSorted()).toEqual([
      'nats-0',
      'nats-1',
      'nats-2',
    ]);
  });

  test('let a publisher publish and a worker take, retry, bury and settle, by the permissions of each', async () => {
    await using from = await busAs('publisher.seed', publisher);
    await using to = await busAs('worker.seed', worker);
    const outgoing = await from.bind(profile);
    for (const idempotencyKey of ['fine', 'unfit', 'twice'])
      await outgoing.publish({ idempotencyKey, payload: new Uint8Array([1]) });
    const incoming = await to.bind(profile);
    const settled: string[] = [];
    const all = Promise.withResolvers<void>();
    const settle = async (lease: Lease): Promise<string> => {
      if (lease.idempotencyKey === 'unfit') return lease.fail({ reason: 'unfit', retryable: false });
      if (lease.idempotencyKey === 'twice' && lease.attempt === 1) return lease.fail({ reason: 'again' });
      await lease.extend();
      await lease.ack();
      return 'done';
    };
    const consumption = incoming.consume({ prefetch: 2 }, (lease) => {
      settle(lease).then((outcome) => {
        settled.push(`${lease.idempotencyKey} ${outcome}`);
        if (settled.length === 4) all.resolve();
      }, all.reject);
    });
    await all.promise;
    await consumption.stop();
    expect(settled.toSorted()).toEqual(['fine done', 'twice done', 'twice retried', 'unfit dead-lettered']);
    expect(await incoming.deadLetters()).toMatchObject([{ idempotencyKey: 'unfit', history: [{ reason: 'unfit' }] }]);
  }, 30_000);

  test('refuse a worker whatever is not its own', async () => {
    const connection = await connectAs(worker);
    const refused: string[] = [];
    void (async () => {
      for await (const status of connection.status())
        if (status.type === 'error') refused.push(String(status.error.message));
    })();
    connection.publish('another.subject');
    connection.publish(profile.subject);
    connection.publish(`$JS.API.STREAM.DELETE.${profile.stream}`, '', { reply: `_INBOX.${worker.publicKey}.x` });
    connection.publish(`$JS.API.CONSUMER.DELETE.${profile.stream}.${profile.consumer}`);
    connection.subscribe(`_INBOX.${publisher.publicKey}.>`, { callback: () => {} });
    await connection.flush();
    await connection.flush();
    expect(refused.map((message) => /"([^"]+)"/.exec(message)?.[1])).toEqual([
      'another.subject',
      profile.subject,
      `$JS.API.STREAM.DELETE.${profile.stream}`,
      `$JS.API.CONSUMER.DELETE.${profile.stream}.${profile.consumer}`,
      `_INBOX.${publisher.publicKey}.>`,
    ]);
    expect((await manager.streams.info(profile.stream)).config.name).toBe(profile.stream);
  }, 30_000);

  test('go on with every acknowledged item when the leader of the stream is killed', async () => {
    await using from = await busAs('publisher.seed', publisher);
    const queue = await from.bind(profile);
    const before = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        queue.publish({ idempotencyKey: `before-${n}`, payload: new Uint8Array(1) }),
      ),
    );
    const { cluster } = await manager.streams.info(profile.stream);
    await servers.kill(cluster?.leader ?? '');
    // As a publisher has to while a leader is elected: the same key again adds nothing.
    await servers.untilReady(() => queue.publish({ idempotencyKey: 'after', payload: new Uint8Array(1) }));
    expect(new Set(before.map(({ id }) => id)).size).toBe(50);
    await using counting = await busAs('worker.seed', worker);
    // The consumer may have lost its leader too, and then nobody answers for it.
    const depth = await servers.untilReady(async () => (await counting.bind(profile)).depth());
    expect(depth.ready).toBe(51);
  }, 90_000);

  test('rejects one whose key it does not know', async () => {
    await expect(busAs('stranger.seed', keyPair())).rejects.toMatchObject({ code: 'bus-unreachable' });
  }, 30_000);
});
