import { type Channel, Connection } from 'rabbitmq-client';
import { KitError } from '../../errors.ts';
import type { RabbitmqBusOptions } from './address.ts';
import { closed, faultOf } from './faults.ts';
import { OpenQuestions } from './open-questions.ts';

/** Longer than a server that works takes for an answer, also on a machine with much else to do. */
export const ANSWER_MS = 15_000;
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
  readonly #options: RabbitmqBusOptions;
  readonly #channels = new Set<Channel>();
  readonly #questions: OpenQuestions;
  #connection: Connection;
  #commands: Promise<Channel> | undefined;
  #blocked = false;
  #isClosed = false;

  private constructor(options: RabbitmqBusOptions) {
    this.#options = options;
    this.#connection = this.#connect();
    this.#questions = new OpenQuestions(options.answerMs ?? ANSWER_MS, () => this.#blocked);
  }

  /** @throws {KitError} `bus-unreachable`, `bus-refused` */
  static async open(options: RabbitmqBusOptions): Promise<Link> {
    const link = new Link(options);
    try {
      await connected(link.#connection, options.hosts.length > 1);
      return link;
    } catch (error) {
      link.#questions.end();
      link.#connection.unsafeDestroy();
      throw faultOf(error, `cannot connect to ${options.hosts.join(', ')}`);
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
      const channel = await this.within('no channel', this.#connection.acquire({ emitErrorsFromChannel: true }));
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
      return await this.within(what, work(channel));
    } catch (error) {
      this.#commands = undefined;
      throw this.#isClosed ? closed() : faultOf(error, what);
    }
  }

  /**
   * Waits for an answer, but not for ever. A server may be there, send its heartbeats and still not answer on a channel, as
   * while a queue has no leader; such a channel cannot be closed either. So the connection is made anew, and what else was
   * under way on it fails as if it had broken.
   *
   * @throws {KitError} `bus-unreachable` where there is none in time; what the answer says
   */
  within<Answer>(what: string, answer: Promise<Answer>): Promise<Answer> {
    const asked = this.#connection;
    return this.#questions.wait(answer, () => {
      this.#renew(asked);
      return new KitError('bus-unreachable', `${what}: no answer within ${this.#options.answerMs ?? ANSWER_MS} ms`, {
        repair: 'check the server; whether it was done is unknown',
      });
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#questions.end();
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

  /** @param failed the one that did not answer: others may have found that too */
  #renew(failed: Connection): void {
    if (this.#isClosed || this.#connection !== failed) return;
    this.#commands = undefined;
    this.#connection = this.#connect();
    failed.unsafeDestroy();
  }

  #connect(): Connection {
    const { hosts, encrypted, user, ca, virtualHost, heartbeat } = this.#options;
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
    // Whoever waits for an answer is told by it; what breaks while nobody waits is made again.
    connection.on('error', () => {});
    const setBlocked = (isBlocked: boolean): void => {
      if (this.#connection === connection) this.#blocked = isBlocked;
    };
    connection.on('connection', () => setBlocked(false));
    connection.on('connection.blocked', () => setBlocked(true));
    connection.on('connection.unblocked', () => setBlocked(false));
    return connection;
  }
}

/** Also over when its connection is: the client would wait for an answer that nobody brings any more. */
export async function closeChannel(link: Link, channel: Channel): Promise<void> {
  const gone = new Promise((resolve) => channel.once('close', resolve));
  // One that is not closed in time is gone with its connection.
  await link.within('the end of a channel', Promise.race([channel.close(), gone])).catch(() => {});
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
