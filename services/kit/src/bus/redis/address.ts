import { readFile } from 'node:fs/promises';
import { KitError } from '../../errors.ts';
import type { RedisBusOptions } from './connection.ts';

const PARAMETERS: readonly string[] = ['password', 'ca'];
const DEFAULT_PORT = 6379;

/**
 * Reads `redis://[user@]host[:port][/database][?password=<file>]`; `rediss://` for an encrypted connection, with
 * `&ca=<file of an authority>`. A password stands in a file: an address is logged and shown.
 *
 * @throws {KitError} `address-malformed`
 */
export async function redisOptionsOf(address: string): Promise<RedisBusOptions> {
  const url = URL.parse(address);
  const database = /^\/?(\d*)$/.exec(url?.pathname ?? '')?.[1];
  if (url === null || url.hostname === '' || database === undefined)
    throw malformed('it cannot be read', 'write redis://host:port or redis://host:port/database');
  if (url.password !== '')
    throw malformed('it holds a password', 'put the password into a file and name that: ?password=<file>');
  const unknown = [...url.searchParams.keys()].filter((key) => !PARAMETERS.includes(key));
  if (unknown.length > 0)
    throw malformed(`received the parameters ${unknown.join(', ')}`, `use ${PARAMETERS.join(' or ')}`);
  const passwordFile = url.searchParams.get('password');
  // The client would say nothing of a user without one and be taken for the default user.
  if (url.username !== '' && passwordFile === null)
    throw malformed('it names a user without a password', 'name the file that holds it: ?password=<file>');
  const caFile = url.searchParams.get('ca');
  const encrypted = url.protocol === 'rediss:';
  if (caFile !== null && !encrypted) throw malformed('an authority is of no use to redis://', 'write rediss://');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    encrypted,
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(passwordFile === null ? {} : { password: (await textIn(passwordFile)).trim() }),
    ...(caFile === null ? {} : { ca: await textIn(caFile) }),
    ...(database === '' ? {} : { database: Number(database) }),
  };
}

/** @throws {KitError} `address-malformed` */
async function textIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KitError('address-malformed', `bus address: ${file} cannot be read`, { cause: error });
  }
}

const malformed = (what: string, repair: string): KitError =>
  new KitError('address-malformed', `Redis address: ${what}`, { repair });
