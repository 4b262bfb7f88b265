import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import { type Bus, type Lease, openBus, type PublishReceipt } from '@penstock/kit';
import { Bytes, queueProfile } from '@penstock/model';
import {
  consumerSpec,
  deadLetterStreamSpec,
  NatsCluster,
  natsClientsOf,
  natsConfig,
  streamSpec,
} from '../../../constructs/kubernetes/index.ts';
import { platform } from '../../../stacks/platform.ts';
import { makeAuthority, makeCertificate, opensslRequirement } from '../../helpers/certificates.ts';
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

/** A connection to a NATS server, and what the server says of itself before any encryption. */
function greeted(
  address: string,
): Promise<{ readonly socket: Socket; readonly info: Readonly<Record<string, unknown>> }> {
  const [host, port] = address.split(':');
  const socket = connectTcp(Number(port), host);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (data) =>
      resolve({ socket, info: JSON.parse(data.toString().slice('INFO '.length)) as Record<string, unknown> }),
    );
  });
}

describeWith(opensslRequirement(), 'with certificates of an authority of our own', () => {
  describeWith(natsRequirement(), 'three real servers by the configuration of a NATS cluster', () => {
    const provisioner = keyPair();
    const worker = keyPair();
    const publisher = keyPair();
    const clients = natsClientsOf(platform, {
      operator: provisioner.publicKey,
      workloads: { classify: worker.publicKey },
      publishers: [{ publicKey: publisher.publicKey, queues: ['mails'] }],
    });
    const hostnames = [...NatsCluster.namesOf({ namespace: 'mailroom-nats', servers: 3 }), 'localhost'];
    let folder: string;
    let servers: NatsClusterOnLoopback;
    let manager: Manager;
    const connections: NatsConnection[] = [];

    /** Without a prefix its inboxes are where any client makes them, as NACK does. */
    const connectAs = async ({ seed }: ReturnType<typeof keyPair>, inboxPrefix?: string) => {
      const connection = await connect({
        servers: servers.addresses,
        authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
        tls: { caFile: join(folder, 'ca.crt') },
        ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
      });
      connections.push(connection);
      return connection;
    };

    const busAs = async (name: string, { seed }: ReturnType<typeof keyPair>, authority = 'ca.crt'): Promise<Bus> => {
      const file = join(folder, name);
      await writeFile(file, `${seed}\n`);
      return openBus(`nats://${servers.addresses.join(',')}?nkey=${file}&ca=${join(folder, authority)}`);
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
        encrypted: true,
      });
      makeAuthority(folder, 'ours');
      makeAuthority(folder, 'theirs');
      makeCertificate(folder, 'ours', hostnames, 1);
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
      const connection = await connectAs(worker, `_INBOX.${worker.publicKey}`);
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

    test('let the operator make its inboxes anywhere, and read nobody else’s', async () => {
      const connection = await connectAs(provisioner);
      const read: string[] = [];
      const subscription = connection.subscribe('_INBOX.>', { callback: (_, { subject }) => void read.push(subject) });
      await connection.flush();
      const other = await connectAs(worker, `_INBOX.${worker.publicKey}`);
      const own = `_INBOX.${worker.publicKey}.mine`;
      let heard = false;
      other.subscribe(own, {
        callback: () => {
          heard = true;
        },
      });
      await other.flush();
      // Until the servers have told each other who listens where, an answer finds nobody.
      await servers.untilReady(async () => {
        for (const reply of [own, '_INBOX.any.place'])
          connection.publish(`$JS.API.STREAM.INFO.${profile.stream}`, '', { reply });
        await connection.flush();
        expect(heard).toBe(true);
        expect(read).toContain('_INBOX.any.place');
      });
      expect([...new Set(read)]).toEqual(['_INBOX.any.place']);
      // To the servers somebody listens on every inbox: a request of a worker that is gone would be answered.
      subscription.unsubscribe();
      await connection.flush();
    }, 30_000);

    test('rejects one whose key it does not know', async () => {
      await expect(busAs('stranger.seed', keyPair())).rejects.toMatchObject({ code: 'bus-refused' });
    }, 30_000);

    test.each(['theirs.crt', undefined])(
      'rejects servers whose authority is not %s',
      async (authority) => {
        const url = `nats://${servers.addresses.join(',')}?nkey=${join(folder, 'worker.seed')}`;
        await expect(
          openBus(authority === undefined ? url : `${url}&ca=${join(folder, authority)}`),
        ).rejects.toMatchObject({
          code: 'bus-unreachable',
          message: expect.stringMatching(/certificate|self.signed|authority/i),
        });
      },
      30_000,
    );

    test('ask each other for a certificate too', async () => {
      const [ca, cert, key] = await Promise.all(
        ['ca.crt', 'tls.crt', 'tls.key'].map((name) => readFile(join(folder, name))),
      );
      /** What a route says first, or why it says nothing. */
      const heard = (port: number, proof: object): Promise<string> =>
        new Promise((resolve) => {
          const socket = connectTls({ host: 'localhost', port, ca, ...proof });
          socket.once('data', (data) => resolve(data.toString()));
          socket.once('error', ({ message }) => resolve(message));
          socket.once('close', () => socket.destroy());
        });
      for (const port of servers.routes) {
        expect(await heard(port, {})).toMatch(/certificate required/);
        expect(await heard(port, { cert, key })).toMatch(/^INFO /);
      }
    });

    test('show a renewed certificate when they are told, and no connection breaks', async () => {
      const serialOf = async (address: string): Promise<string> => {
        const { socket } = await greeted(address);
        const encrypted = connectTls({ socket, ca: await readFile(join(folder, 'ca.crt')), servername: 'localhost' });
        await new Promise((resolve, reject) => encrypted.once('secureConnect', resolve).once('error', reject));
        const { serialNumber } = encrypted.getPeerCertificate();
        encrypted.destroy();
        return serialNumber;
      };
      const serials = () => Promise.all(servers.addresses.map(serialOf));
      expect(await serials()).toEqual(['01', '01', '01']);
      await using bus = await busAs('publisher.seed', publisher);
      const queue = await bus.bind(profile);
      makeCertificate(folder, 'ours', hostnames, 2);
      servers.reload();
      await servers.untilReady(async () => expect(await serials()).toEqual(['02', '02', '02']));
      expect(await queue.publish({ idempotencyKey: 'fine', payload: new Uint8Array([1]) })).toMatchObject({
        duplicate: true,
      });
    }, 30_000);

    test('tell a worker at once that it may not publish, and a publisher that it may not take', async () => {
      await using to = await busAs('worker.seed', worker);
      const item = { idempotencyKey: 'smuggled', payload: new Uint8Array(1) };
      await expect((await to.bind(profile)).publish(item)).rejects.toMatchObject({
        code: 'bus-refused',
        retryable: false,
        message: expect.stringContaining(profile.subject),
      });
      await using from = await busAs('publisher.seed', publisher);
      const consumption = (await from.bind(profile)).consume({ prefetch: 1 }, () => {});
      await expect(consumption.closed).rejects.toMatchObject({ code: 'bus-refused' });
    }, 30_000);

    test('take every item once while the leader of the stream is killed in the middle of publishing', async () => {
      await using from = await busAs('publisher.seed', publisher);
      const queue = await from.bind(profile);
      const keys = Array.from({ length: 400 }, (_, n) => `item-${n}`);
      const receipts: PublishReceipt[] = [];
      let longestMs = 0;
      const publishNext = async (): Promise<void> => {
        for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
          const startedAt = performance.now();
          receipts.push(await queue.publish({ idempotencyKey: key, payload: new Uint8Array(1) }));
          longestMs = Math.max(longestMs, performance.now() - startedAt);
        }
      };
      const { cluster } = await manager.streams.info(profile.stream);
      const publishers = Promise.all(Array.from({ length: 8 }, publishNext));
      while (receipts.length < 100) await new Promise((resolve) => setTimeout(resolve, 1));
      await servers.kill(cluster?.leader ?? '');
      await publishers;
      expect(new Set(receipts.map(({ id }) => id)).size).toBe(400);
      // Some of them waited for the election, or nothing was shown.
      expect(longestMs).toBeGreaterThan(500);
      const { state } = await servers.untilReady(() => manager.streams.info(profile.stream));
      expect(state.messages).toBe(400);
      await using counting = await busAs('worker.seed', worker);
      // The consumer may have lost its leader too: then nobody answers for it, or one who has not caught up yet.
      await servers.untilReady(async () =>
        expect(await (await counting.bind(profile)).depth()).toMatchObject({ ready: 400, leased: 0 }),
      );
    }, 90_000);
  });
});
