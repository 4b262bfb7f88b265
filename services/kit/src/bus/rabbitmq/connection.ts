import { type Channel, Connection } from 'rabbitmq-client';
import type { RabbitmqBusOptions } from './address.ts';
import { closed, faultOf } from './faults.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const ACQUIRE_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const LONGEST_RECONNECT_WAIT_MS = 1_000;
const HEARTBEAT_S = 10;
/** What servers take by default: the headers of an item and its history travel in one frame. */
const FRAME_BYTES = 131_072;

/**
 * A connection that is made again for as long as the process lives, and its channels. What was under way on it when it
 * broke fails, since nobody knows whether it was done.
 */
export class Link {
  readonly #connection: Connection;
  readonly #channels = new Set<Channel>();
  #commands: Promise<Channel> | undefined;
  #blocked = false;
  #isClosed = false;

  private constructor(connection: Connection) {
    this.#connection = connection;
    // Whoever waits for an answer is told by it; what breaks while nobody waits is made again.
    connection.on('error', () => {});
    connection.on('connection', () => {
      this.#blocked = false;
    });
    connection.on('connection.blocked', () => {
      this.#blocked = true;
    });
    connection.on('connection.unblocked', () => {
      this.#blocked = false;
    });
  }

  /** @throws {KitError} `bus-unreachable`, `bus-refused` */
  static async open({ hosts, encrypted, user, ca, virtualHost, heartbeat }: RabbitmqBusOptions): Promise<Link> {
    const connection = new Connection({
      hosts: [...hosts],
      connectionName: 'penstock',
      connectionTimeout: CONNECT_TIMEOUT_MS,
      acquireTimeout: ACQUIRE_TIMEOUT_MS,
      retryLow: RECONNECT_WAIT_MS,
      retryHigh: LONGEST_RECONNECT_WAIT_MS,
      heartbeat: heartbeat ?? HEARTBEAT_S,
      frameMax: FRAME_BYTES,
      noDelay: true,
      ...(user === undefined ? {} : { username: user.name, password: user.password }),
      ...(virtualHost === undefined ? {} : { vhost: virtualHost }),
      ...(encrypted ? { tls: ca === undefined ? true : { ca } } : {}),
    });
    const link = new Link(connection);
    try {
      await connected(connection, hosts.length > 1);
      return link;
    } catch (error) {
      connection.unsafeDestroy();
      throw faultOf(error, `cannot connect to ${hosts.join(', ')}`);
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The server takes nothing more: its memory or its disk is at the limit. */
  get isBlocked(): boolean {
    return this.#blocked;
  }

  /** Errors of the channel reach whoever waits for it. @throws {KitError} `bus-closed`, `bus-unreachable` */
  async channel(): Promise<Channel> {
    if (this.#isClosed) throw closed();
    try {
      const channel = await this.#connection.acquire({ emitErrorsFromChannel: true });
      channel.on('error', () => {});
      this.#channels.add(channel);
      channel.once('close', () => this.#channels.delete(channel));
      return channel;
    } catch (error) {
      throw this.#isClosed ? closed() : faultOf(error, 'no channel');
    }
  }

  /** Does something on a channel that is kept for such; a refusal ends it, and the next one gets another. */
  async ask<Answer>(what: string, work: (channel: Channel) => Promise<Answer>): Promise<Answer> {
    try {
      this.#commands ??= this.channel();
      let channel = await this.#commands;
      if (!channel.active) {
        this.#commands = this.channel();
        channel = await this.#commands;
      }
      return await work(channel);
    } catch (error) {
      this.#commands = undefined;
      throw this.#isClosed ? closed() : faultOf(error, what);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The client waits for channels to be closed, for ever where the server does not answer.
    if (!this.#connection.ready) return this.#connection.unsafeDestroy();
    const end = Promise.all(Array.from(this.#channels, (channel) => channel.close())).then(() =>
      this.#connection.close(),
    );
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, CONNECT_TIMEOUT_MS);
    await Promise.race([end, timeout.promise]);
    clearTimeout(timer);
    this.#connection.unsafeDestroy();
  }
}

/** Also over when its connection is: the client would wait for an answer that nobody brings any more. */
export async function closeChannel(channel: Channel): Promise<void> {
  const gone = new Promise((resolve) => channel.once('close', resolve));
  await Promise.race([channel.close(), gone]);
}

/** @param hasOthers whether another host may answer where one does not */
function connected(connection: Connection, hasOthers: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let reason: unknown;
    const timer = setTimeout(() => reject(reason ?? `no answer within ${CONNECT_TIMEOUT_MS} ms`), CONNECT_TIMEOUT_MS);
    const end = (): void => {
      clearTimeout(timer);
      connection.off('error', failed);
    };
    const failed = (error: unknown): void => {
      reason = error;
      if (hasOthers && faultOf(error, '').retryable) return;
      end();
      reject(error);
    };
    connection.on('error', failed);
    connection.once('connection', () => {
      end();
      resolve();
    });
  });
}
