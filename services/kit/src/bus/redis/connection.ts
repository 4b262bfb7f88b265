import { createHash } from 'node:crypto';
import { createClient, RESP_TYPES } from '@redis/client';
import { faultOf } from './faults.ts';

export interface RedisBusOptions {
  readonly host: string;
  readonly port: number;
  readonly encrypted: boolean;
  /** @default - the server's default user */
  readonly user?: string;
  /** @default - none */
  readonly password?: string;
  /** Text of the authority that signs the server's certificate. @default - those that Node knows */
  readonly ca?: string;
  /** @default - 0 */
  readonly database?: number;
}

/** A reply as it is typed on the wire; text comes as bytes. */
export type Reply = number | Buffer | null | readonly Reply[];

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
/** A connection on which a ping stays without answer is dead: nothing else tells of a peer that is gone. */
const PING_INTERVAL_MS = 5_000;
const LONGEST_SILENCE_MS = 12_000;
/** Commands under way at most: beyond it a publisher is refused instead of filling the memory. */
const COMMANDS_UNDER_WAY = 100_000;
const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } as const;

/** A script by its digest: the server knows it after the first run, until it is started again. */
export class Script {
  readonly text: string;
  readonly digest: string;

  constructor(text: string) {
    this.text = text;
    this.digest = createHash('sha1').update(text).digest('hex');
  }
}

/**
 * Two connections: one for commands, one that listens. A connection that breaks later is made again for as long as the
 * process lives; what was under way on it fails, since nobody knows whether it was done.
 */
export class RedisConnection {
  readonly #commands: ReturnType<typeof clientOf>;
  readonly #listener: ReturnType<typeof clientOf>;
  #closing: Promise<void> | undefined;

  private constructor(options: RedisBusOptions) {
    this.#commands = clientOf(options);
    this.#listener = clientOf(options);
  }

  /** @throws {KitError} `bus-unreachable`, `bus-refused` */
  static async open(options: RedisBusOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    try {
      await Promise.all([connection.#commands.connect(), connection.#listener.connect()]);
      return connection;
    } catch (error) {
      connection.#commands.destroy();
      connection.#listener.destroy();
      throw faultOf(error, `cannot connect to ${options.host}:${options.port}`);
    }
  }

  /** @throws {KitError} as `faultOf` */
  async run(script: Script, what: string, keys: readonly string[], args: readonly (string | Buffer)[]): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return (await this.#commands.sendCommand(['EVALSHA', script.digest, ...rest], BYTES)) as Reply;
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw faultOf(error, what);
    }
    return this.ask(what, ['EVAL', script.text, ...rest]);
  }

  /** @throws {KitError} as `faultOf` */
  async ask(what: string, command: readonly (string | Buffer)[]): Promise<Reply> {
    try {
      return (await this.#commands.sendCommand(command, BYTES)) as Reply;
    } catch (error) {
      throw faultOf(error, what);
    }
  }

  /** Calls back for every message on a channel, also after the connection was made again. */
  async listen(channel: string, onMessage: () => void): Promise<void> {
    try {
      await this.#listener.subscribe(channel, onMessage);
    } catch (error) {
      throw faultOf(error, `channel ${channel}`);
    }
  }

  /** Waits for what is under way. */
  close(): Promise<void> {
    this.#closing ??= Promise.all(
      [this.#commands, this.#listener].map((client) => (client.isReady ? client.close() : client.destroy())),
    ).then(() => {});
    return this.#closing;
  }
}

function clientOf(options: RedisBusOptions) {
  let wasReady = false;
  const client = createClient({
    socket: {
      host: options.host,
      port: options.port,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: LONGEST_SILENCE_MS,
      reconnectStrategy: () => (wasReady ? RECONNECT_WAIT_MS : false),
      ...(options.encrypted ? { tls: true, ...(options.ca === undefined ? {} : { ca: options.ca }) } : {}),
    },
    name: 'penstock',
    pingInterval: PING_INTERVAL_MS,
    disableOfflineQueue: true,
    commandsQueueMaxLength: COMMANDS_UNDER_WAY,
    ...(options.user === undefined ? {} : { username: options.user }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.database === undefined ? {} : { database: options.database }),
  });
  client.once('ready', () => {
    wasReady = true;
  });
  // Whoever waits for an answer is told by it; a connection that breaks while nobody waits is made again.
  client.on('error', () => {});
  return client;
}
