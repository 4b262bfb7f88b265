import { readFile } from 'node:fs/promises';
import { KitError } from '../../errors.ts';

/** Where the servers are and who the client is to them. */
export interface RabbitmqBusOptions {
  /** `host:port` of nodes of one cluster: the next is tried when one is gone. */
  readonly hosts: readonly string[];
  readonly encrypted: boolean;
  /** @default - `guest` with its password, whom a server lets in from its own machine only */
  readonly user?: { readonly name: string; readonly password: string };
  /** Text of the authority that signs the servers' certificates. @default - those that Node knows */
  readonly ca?: string;
  /** @default '/' */
  readonly virtualHost?: string;
  /** In which a server that works answers; after that its connection is made anew. @default 15_000 */
  readonly answerMs?: number;
  /** Seconds; a peer that is silent for two or three times as long is taken for gone. @default 10 */
  readonly heartbeat?: number;
}

const FORM = /^(amqps?):\/\/(?:([^@:/?]+)@)?([^@/?]+)(?:\/([^/?]*))?(?:\?(.*))?$/;
const PARAMETERS: readonly string[] = ['password', 'ca', 'heartbeat'];
const PORTS = { amqp: 5672, amqps: 5671 } as const;

/**
 * Reads `amqp://[user@]host[:port][,host[:port]][/virtual-host][?password=FILE&heartbeat=10]`; `amqps://` for encrypted
 * connections, with `&ca=FILE`. A password stands in a file: an address is logged and shown.
 *
 * @throws {KitError} `address-malformed`
 */
export async function rabbitmqOptionsOf(address: string): Promise<RabbitmqBusOptions> {
  const [, scheme, user, servers, virtualHost, query] = FORM.exec(address) ?? [];
  if (scheme === undefined || servers === undefined)
    throw malformed('it cannot be read', 'write amqp://host:port, and ?password=<file> for the file of a password');
  const encrypted = scheme === 'amqps';
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].filter((key) => !PARAMETERS.includes(key));
  if (unknown.length > 0)
    throw malformed(`received the parameters ${unknown.join(', ')}`, `use ${PARAMETERS.join(' or ')}`);
  const [password, ca] = await Promise.all(['password', 'ca'].map((name) => textIn(parameters.get(name))));
  if ((user === undefined) !== (password === undefined))
    throw malformed('a user and the file of a password go together', 'write amqp://user@host?password=<file>');
  if (ca !== undefined && !encrypted) throw malformed('an authority is of no use to amqp://', 'write amqps://');
  const heartbeat = parameters.get('heartbeat');
  if (heartbeat !== null && !/^[1-9]\d{0,3}$/.test(heartbeat))
    throw malformed(`received heartbeat=${heartbeat}`, 'write whole seconds, 1 or more');
  return {
    hosts: servers.split(',').map((server) => hostOf(server, encrypted ? PORTS.amqps : PORTS.amqp)),
    encrypted,
    ...(user === undefined || password === undefined
      ? {}
      : { user: { name: decodeURIComponent(user), password: password.trim() } }),
    ...(ca === undefined ? {} : { ca }),
    ...(virtualHost ? { virtualHost: decodeURIComponent(virtualHost) } : {}),
    ...(heartbeat === null ? {} : { heartbeat: Number(heartbeat) }),
  };
}

function hostOf(server: string, defaultPort: number): string {
  const [, host, port] = /^([^\s:]+)(?::(\d{1,5}))?$/.exec(server.trim()) ?? [];
  if (host === undefined) throw malformed(`received the server ${JSON.stringify(server)}`, 'write host:port');
  return `${host}:${port ?? defaultPort}`;
}

/** @throws {KitError} `address-malformed` */
async function textIn(file: string | null): Promise<string | undefined> {
  if (file === null) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KitError('address-malformed', `bus address: ${file} cannot be read`, { cause: error });
  }
}

const malformed = (what: string, repair: string): KitError =>
  new KitError('address-malformed', `RabbitMQ address: ${what}`, { repair });
