import { readFile } from 'node:fs/promises';
import { KitError } from '../../errors.ts';

/** Where the brokers are and who the client is to them. */
export interface KafkaBusOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** PEM. With any of the three, connections are encrypted. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** By SCRAM-SHA-512. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Silence after which the brokers give a worker's partitions to others, within their own bounds. @default 10000 */
  readonly sessionMs?: number;
  /** Partitions of a topic that `BusAdmin` makes: as many processes can work on a queue. @default 1 */
  readonly partitions?: number;
}

const FILES = ['ca', 'cert', 'key', 'passwordFile'] as const;
const NUMBERS = ['sessionMs', 'partitions'] as const;
const KNOWN: readonly string[] = [...FILES, ...NUMBERS, 'user'];

/**
 * Reads `kafka://host:port[,host:port][?ca=FILE&cert=FILE&key=FILE&user=NAME&passwordFile=FILE&sessionMs=10000&partitions=1]`.
 *
 * @throws {KitError} `address-malformed`
 */
export async function kafkaOptionsOf(url: string): Promise<KafkaBusOptions> {
  const [servers = '', query = ''] = url.replace(/^kafka:\/\//, '').split('?', 2);
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0)
    throw malformed(`received the parameters ${unknown.join(', ')}, expected ${KNOWN.join(', ')}`);
  const brokers = servers.split(',').map((server) => server.trim());
  const bad = brokers.find((broker) => !/^[^\s:/]+:\d{1,5}$/.test(broker));
  if (bad !== undefined) throw malformed(`received the broker ${JSON.stringify(bad)}, expected host:port`);
  const user = parameters.get('user');
  const texts = await Promise.all(FILES.map((name) => textOf(name, parameters.get(name))));
  const [ca, cert, key, password] = texts;
  if ((user === null) !== (password === undefined)) throw malformed('expected user and passwordFile together');
  const [sessionMs, partitions] = NUMBERS.map((name) => numberOf(name, parameters.get(name)));
  return {
    brokers,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(user === null || password === undefined ? {} : { user: { name: user, password: password.trim() } }),
    ...(sessionMs === undefined ? {} : { sessionMs }),
    ...(partitions === undefined ? {} : { partitions }),
  };
}

async function textOf(name: string, file: string | null): Promise<string | undefined> {
  if (file === null) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KitError('address-malformed', `bus address: ${name} cannot be read from ${file}`, { cause: error });
  }
}

function numberOf(name: string, text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw malformed(`received ${name}=${text}, expected a whole number of at least 1`);
}

const malformed = (message: string): KitError => new KitError('address-malformed', `bus address: ${message}`);
