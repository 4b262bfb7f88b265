import {
  type Authenticator,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { KitError } from '../../errors.ts';

/** Who the client is to the server. */
export type NatsCredentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  /** The text of a `.creds` file. */
  | { readonly kind: 'creds'; readonly text: string }
  /** The seed of a user key (`SU...`). The server lets it read only inboxes under its public key. */
  | { readonly kind: 'nkey'; readonly seed: string };

export interface NatsBusOptions {
  /** `nats://host:port`, several with commas between; `tls://` for an encrypted one, which its certificate has to name: an IP address it cannot. */
  readonly servers: string;
  /** Shown by the server's monitoring. @default 'penstock' */
  readonly name?: string;
  /** @default - user and password of the first address, when it has them */
  readonly credentials?: NatsCredentials;
  /** File with the authority that signs the servers' certificates. @default - those that Node knows */
  readonly caFile?: string;
}

/** A connection, and where its answers come: nobody else can read there when the server knows its key. */
export interface NatsClient {
  readonly connection: NatsConnection;
  readonly inboxPrefix: string | undefined;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** A connection on which two pings stay without answer is dead: nothing else tells of a peer that is gone. */
const PING_INTERVAL_MS = 10_000;
const RECONNECT_WAIT_MS = 250;

/**
 * Connects once; a connection that breaks later is made again for as long as the process lives.
 *
 * @throws {KitError} `address-malformed`, `bus-unreachable`, `bus-refused` for a user whom the server does not know
 */
export async function connectNats(options: NatsBusOptions): Promise<NatsClient> {
  const { servers, credentials, tls } = parseServers(options.servers);
  const own = options.credentials ?? credentials;
  const authenticator = authenticatorOf(own);
  const inboxPrefix = own?.kind === 'nkey' ? `_INBOX.${publicKeyOf(own.seed)}` : undefined;
  try {
    const connection = await connect({
      servers,
      name: options.name ?? 'penstock',
      ...(authenticator === undefined ? {} : { authenticator }),
      ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
      ...(tls || options.caFile !== undefined
        ? { tls: options.caFile === undefined ? {} : { caFile: options.caFile } }
        : {}),
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: reconnectDelay(servers.length),
      ignoreAuthErrorAbort: true,
    });
    return { connection, inboxPrefix };
  } catch (error) {
    const refused =
      error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
    throw new KitError(
      refused ? 'bus-refused' : 'bus-unreachable',
      `cannot connect to ${servers.join(', ')}: ${messageOf(error)}`,
      {
        repair: refused
          ? 'give the credentials of a user of this server'
          : 'start nats-server there, or correct the address',
        cause: error,
      },
    );
  }
}

/**
 * The client counts the wait between two tries by the wall clock: set back by an hour, it would not try for an hour. So it is
 * told to try at once whenever the time is come by a clock that nobody sets.
 *
 * @param servers tried in turn, each once in a wait
 */
function reconnectDelay(servers: number): () => number {
  const tries: number[] = [];
  return () => {
    const now = performance.now();
    if (now - (tries.at(-servers) ?? Number.NEGATIVE_INFINITY) < RECONNECT_WAIT_MS) return RECONNECT_WAIT_MS;
    tries.push(now);
    tries.splice(0, tries.length - servers);
    return Number.NEGATIVE_INFINITY;
  };
}

/** @throws {KitError} `address-malformed` */
function parseServers(text: string): {
  readonly servers: string[];
  readonly credentials: NatsCredentials | undefined;
  readonly tls: boolean;
} {
  const urls = text.split(',').map((part) => {
    const address = part.trim();
    const url = URL.parse(address.includes('://') ? address : `nats://${address}`);
    if (url !== null && url.hostname !== '' && (url.protocol === 'nats:' || url.protocol === 'tls:')) return url;
    throw new KitError('address-malformed', `NATS address ${text.split(',').indexOf(part) + 1} cannot be read`, {
      repair: 'write nats://host:port, several with commas between',
    });
  });
  const [first] = urls;
  return {
    servers: urls.map((url) => (url.port === '' ? `${url.hostname}:4222` : url.host)),
    credentials: first === undefined ? undefined : credentialsIn(first),
    tls: urls.some((url) => url.protocol === 'tls:'),
  };
}

function credentialsIn(url: URL): NatsCredentials | undefined {
  if (url.username === '') return undefined;
  const user = decodeURIComponent(url.username);
  if (url.password === '') return { kind: 'token', token: user };
  return { kind: 'password', user, password: decodeURIComponent(url.password) };
}

function authenticatorOf(credentials: NatsCredentials | undefined): Authenticator | undefined {
  switch (credentials?.kind) {
    case undefined:
      return undefined;
    case 'password':
      return usernamePasswordAuthenticator(credentials.user, credentials.password);
    case 'token':
      return tokenAuthenticator(credentials.token);
    case 'nkey':
      return nkeyAuthenticator(new TextEncoder().encode(credentials.seed));
    case 'creds':
      return credsAuthenticator(new TextEncoder().encode(credentials.text));
  }
}

/** @throws {KitError} `address-malformed`, without the seed in its message */
function publicKeyOf(seed: string): string {
  try {
    return nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
  } catch {
    throw new KitError('address-malformed', 'the NATS seed cannot be read', {
      repair: 'give the file that holds the seed of a user key: one line that begins with SU',
    });
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
